// Resolver: everything but the look-up itself happens on the loop's thread.
#include "delivery/resolver.hpp"

#include <fmt/format.h>

#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace moai::delivery {
namespace {

using Clock = std::chrono::steady_clock;

std::shared_ptr<const Resolution> failed(Resolution::Status status, std::string error) {
    return std::make_shared<const Resolution>(Resolution{status, {}, std::move(error)});
}

}  // namespace

/// What a detached thread may still hold when the Resolver and its loop are gone.
struct Resolver::Shared {
    LookUp look_up;
    std::mutex mutex;
    Resolver* owner = nullptr;  ///< guarded by mutex; null once the Resolver is gone
};

/// One name that is being looked up, or waits for a thread.
struct Resolver::Flight {
    enum class State { queued, running, slow };
    State state = State::queued;
    std::vector<Done> waiters;
    base::EventLoop::TimerId deadline = 0;  ///< set while somebody waits
    base::EventLoop::TimerId slow = 0;      ///< set while it runs and is not slow
};

Resolver::Resolver(base::EventLoop& loop, ResolverOptions options, LookUp look_up)
    : loop_(loop), options_(options), shared_(std::make_shared<Shared>()) {
    shared_->look_up = std::move(look_up);
    shared_->owner = this;
}

Resolver::~Resolver() {
    {
        const std::lock_guard lock(shared_->mutex);
        shared_->owner = nullptr;
    }
    for (const auto& [name, flight] : flights_) {
        loop_.cancel(flight.deadline);
        loop_.cancel(flight.slow);
    }
}

std::shared_ptr<const Resolution> Resolver::cached(const std::string& name) {
    const auto found = cache_.find(name);
    if (found == cache_.end()) {
        return nullptr;
    }
    if (found->second.until <= Clock::now()) {
        cache_.erase(found);
        return nullptr;
    }
    return found->second.answer;
}

void Resolver::resolve(const std::string& name, Done done) {
    const auto [found, added] = flights_.try_emplace(name);
    Flight& flight = found->second;
    flight.waiters.push_back(std::move(done));
    if (flight.deadline == 0) {
        flight.deadline = loop_.at(Clock::now() + options_.deadline, [this, name] { give_up(name); });
    }
    if (added) {
        queue_.push_back(name);
        start_queued();
    }
}

void Resolver::start_queued() {
    while (!queue_.empty() && running_ < options_.threads && running_ + slow_ < options_.threads + options_.max_slow) {
        const std::string name = std::move(queue_.front());
        queue_.pop_front();
        const auto found = flights_.find(name);
        if (found != flights_.end() && found->second.state == Flight::State::queued) {
            start(name, found->second);
        }
    }
}

void Resolver::start(const std::string& name, Flight& flight) {
    flight.state = Flight::State::running;
    ++running_;
    try {
        std::thread([shared = shared_, name] {
            auto answer = std::make_shared<const Resolution>(shared->look_up(name));
            const std::lock_guard lock(shared->mutex);
            if (shared->owner == nullptr) {
                return;
            }
            shared->owner->loop_.post([shared, name, answer = std::move(answer)] {
                // Only the loop's thread, this one, clears it.
                if (shared->owner != nullptr) {
                    shared->owner->finish(name, answer);
                }
            });
        }).detach();
        flight.slow = loop_.at(Clock::now() + options_.slow_after, [this, name] { take_for_slow(name); });
    } catch (const std::system_error& error) {
        // Answered in the loop's next round, because resolve() must not call back.
        loop_.cancel(flight.deadline);
        auto answer = failed(Resolution::Status::our_fault, fmt::format("no thread for the look-up: {}", error.what()));
        flight.deadline = loop_.at(Clock::now(), [this, name, answer = std::move(answer)] { finish(name, answer); });
    }
}

/// Its thread is left alone with it and another may start, or a few dead name servers would stop everybody.
void Resolver::take_for_slow(const std::string& name) {
    Flight& flight = flights_.find(name)->second;
    flight.slow = 0;
    flight.state = Flight::State::slow;
    --running_;
    ++slow_;
    start_queued();
}

/// The deadline of those who wait for `name` has come.
void Resolver::give_up(const std::string& name) {
    const auto found = flights_.find(name);
    Flight& flight = found->second;
    flight.deadline = 0;
    const std::vector<Done> waiters = std::move(flight.waiters);
    flight.waiters.clear();
    std::shared_ptr<const Resolution> answer;
    if (flight.state == Flight::State::queued) {
        flights_.erase(found);
        answer = failed(Resolution::Status::our_fault,
                        fmt::format("no look-up of a name became possible within {} ms", options_.deadline.count()));
    } else {
        answer = failed(Resolution::Status::failed,
                        fmt::format("the look-up of {} took longer than {} ms", name, options_.deadline.count()));
        remember(name, answer);
    }
    for (const Done& done : waiters) {
        done(answer);
    }
}

void Resolver::finish(const std::string& name, const std::shared_ptr<const Resolution>& answer) {
    auto node = flights_.extract(name);
    const Flight& flight = node.mapped();
    --(flight.state == Flight::State::slow ? slow_ : running_);
    loop_.cancel(flight.deadline);
    loop_.cancel(flight.slow);
    remember(name, answer);
    start_queued();
    for (const Done& done : flight.waiters) {
        done(answer);
    }
}

void Resolver::remember(const std::string& name, std::shared_ptr<const Resolution> answer) {
    if (answer->status == Resolution::Status::our_fault) {
        return;
    }
    const auto now = Clock::now();
    if (cache_.size() >= options_.max_cached) {
        std::erase_if(cache_, [now](const auto& entry) { return entry.second.until <= now; });
    }
    if (cache_.size() >= options_.max_cached) {
        cache_.clear();
    }
    const bool found = answer->status == Resolution::Status::found;
    const auto until = now + (found ? options_.positive_ttl : options_.negative_ttl);
    cache_.insert_or_assign(name, Remembered{std::move(answer), until});
}

}  // namespace moai::delivery
