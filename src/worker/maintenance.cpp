// Maintenance: one timer between two calls, how long it runs depends on the answer.
#include "worker/maintenance.hpp"

#include <utility>

#include "log/log.hpp"

namespace moai::worker {

using namespace std::chrono_literals;

namespace {

// Between two calls of a maintenance that takes several: each is a short transaction, and others get their turn.
constexpr std::chrono::milliseconds kNextPart = 100ms;

}  // namespace

Maintenance::Maintenance(base::EventLoop& loop, store::DeliveryQueue& queue, Options options)
    : loop_(loop), queue_(queue), options_(options), backoff_(options.first_retry, options.longest_retry) {}

Maintenance::~Maintenance() { loop_.cancel(timer_); }

void Maintenance::start() {
    if (!std::exchange(started_, true)) {
        run();
    }
}

void Maintenance::run() {
    queue_.maintain([this](bool more, const pg::Error* error) {
        timer_ = loop_.at(std::chrono::steady_clock::now() + next_in(more, error), [this] {
            timer_ = 0;
            run();
        });
    });
}

std::chrono::microseconds Maintenance::next_in(bool more, const pg::Error* error) {
    if (error != nullptr) {
        const auto delay = backoff_.next();
        log::warning("maintenance failed, will repeat",
                     {{"in_s", std::chrono::duration_cast<std::chrono::seconds>(delay).count()},
                      {"sqlstate", error->sqlstate()},
                      {"reason", error->what()}});
        return delay;
    }
    backoff_.reset();
    return more ? kNextPart : options_.interval;
}

}  // namespace moai::worker
