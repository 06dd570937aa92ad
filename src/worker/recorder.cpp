// Recorder: new results go before those that must be repeated, so that a row which cannot be had holds up itself alone.
#include "worker/recorder.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "log/log.hpp"

namespace moai::worker {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

namespace {

// What a statement may be refused for that the next, with the same results, would be refused for again: a value (22), a
// constraint (23), or a rule of ours. Everything else is about the server or the moment.
bool refuses_content(const pg::Error& error) {
    const std::string_view state = error.sqlstate();
    return state.starts_with("22") || state.starts_with("23") || state.starts_with("MO") || state == "P0001";
}

bool met_a_lock(const pg::Error& error) { return error.sqlstate() == "55P03"; }

using Batch = std::vector<store::DeliveryResult>;

/// Takes the second half out of `batch`, between two subscriptions if it has several: what somebody has locked is
/// mostly one subscription's. REQUIRES: two results or more.
Batch take_half(Batch& batch) {
    // Not std::ranges, whose subrange Clang 14 does not accept of libstdc++ 12.
    const auto by_subscription = [](const store::DeliveryResult& a, const store::DeliveryResult& b) {
        return a.subscription_id < b.subscription_id;
    };
    std::stable_sort(batch.begin(), batch.end(), by_subscription);
    auto middle = batch.begin() + static_cast<std::ptrdiff_t>(batch.size() / 2);
    const auto [same_begin, same_end] = std::equal_range(batch.begin(), batch.end(), *middle, by_subscription);
    if (same_begin != batch.begin()) {
        middle = same_begin;
    } else if (same_end != batch.end()) {
        middle = same_end;
    }
    Batch half(std::make_move_iterator(middle), std::make_move_iterator(batch.end()));
    batch.erase(middle, batch.end());
    return half;
}

}  // namespace

Recorder::Recorder(base::EventLoop& loop, store::DeliveryQueue& queue, metrics::Registry& metrics, Options options,
                   Recorded on_recorded)
    : loop_(loop),
      queue_(queue),
      metrics_(metrics),
      options_(options),
      on_recorded_(std::move(on_recorded)),
      backoff_(10ms, 5s),
      lock_backoff_(100ms, 2s) {}

Recorder::~Recorder() { loop_.cancel(timer_); }

void Recorder::add(store::DeliveryResult result) {
    waiting_.push_back(std::move(result));
    if (waiting_.size() >= options_.batch) {
        flush();
    } else if (waiting_.size() == 1) {
        due_ = steady_clock::now() + options_.delay;
        arm();
    }
}

void Recorder::queue_ready() {
    rest_until_ = {};
    flush();
}

void Recorder::arm() {
    loop_.cancel(std::exchange(timer_, 0));
    if (recording() || (waiting_.empty() && aside_.empty())) {
        return;  // the answer to the batch under way sees to what waits
    }
    const auto due = waiting_.empty() ? aside_rest_until_ : aside_.empty() ? due_ : std::min(due_, aside_rest_until_);
    timer_ = loop_.at(std::max(due, rest_until_), [this] {
        timer_ = 0;
        flush();
    });
}

void Recorder::flush() {
    if (recording() || !queue_.can_record()) {
        return;  // what waits goes with the answer to the batch under way, or when the connection is back
    }
    const auto now = steady_clock::now();
    Batch batch = now < rest_until_ ? Batch() : next_batch(now);
    if (batch.empty()) {
        arm();
        return;
    }
    loop_.cancel(std::exchange(timer_, 0));
    sent_ = std::move(batch);
    sent_at_ = now;
    queue_.record(sent_, look_(), [this](store::Recorded recorded, const pg::Error* error) { done(recorded, error); });
}

Recorder::Batch Recorder::next_batch(SteadyTime now) {
    Batch batch;
    // In turn, so that neither a stream of new results nor a lock that is never released starves the other.
    const bool is_turn_of_aside =
        !aside_.empty() && now >= aside_rest_until_ && (waiting_.empty() || !sent_from_aside_);
    sent_from_aside_ = is_turn_of_aside;
    if (is_turn_of_aside) {
        batch = std::move(aside_.front());
        aside_.pop_front();
        aside_count_ -= batch.size();
    } else if (waiting_.size() <= options_.batch) {
        batch.swap(waiting_);
    } else {
        const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(options_.batch);
        batch.assign(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
        waiting_.erase(waiting_.begin(), end);
    }
    return batch;
}

void Recorder::done(const store::Recorded& recorded, const pg::Error* error) {
    const auto sent_at = sent_at_;
    if (error != nullptr) {
        failed(*error);
        arm();
        on_recorded_(nullptr, sent_at);
        return;
    }
    settle(std::exchange(sent_, {}));
    backoff_.reset();
    if (sent_from_aside_) {
        lock_backoff_.reset();
    }
    if (aside_.empty()) {
        told_.clear();
    }
    metrics_.deliveries(metrics::Outcome::delivered, static_cast<std::uint64_t>(recorded.delivered));
    metrics_.deliveries(metrics::Outcome::retried, static_cast<std::uint64_t>(recorded.retried));
    metrics_.deliveries(metrics::Outcome::dead_lettered, static_cast<std::uint64_t>(recorded.dead_lettered));
    metrics_.released(static_cast<std::uint64_t>(recorded.released));
    metrics_.orphaned(static_cast<std::uint64_t>(recorded.orphaned));
    if (recorded.orphaned > 0) {
        log::warning("results came after their lease was lost", {{"count", recorded.orphaned}});
    }
    const auto now = steady_clock::now();
    due_ = now + options_.delay;  // a full interval again, so that the results of the last few ms travel together
    if (waiting_.size() >= options_.batch || (!aside_.empty() && now >= aside_rest_until_)) {
        flush();
    } else {
        arm();
    }
    on_recorded_(&recorded, sent_at);
}

void Recorder::failed(const pg::Error& error) {
    Batch batch = std::exchange(sent_, {});
    if (refuses_content(error)) {
        refused(std::move(batch), error);
        return;
    }
    tell(error, batch.size());
    if (met_a_lock(error)) {
        blocked(std::move(batch));
    } else {
        rest_until_ = steady_clock::now() + backoff_.next();
        put_aside_first(std::move(batch));
    }
}

/// Halves until the one that is refused stands alone.
void Recorder::refused(Batch batch, const pg::Error& error) {
    if (batch.size() > 1) {
        Batch half = take_half(batch);
        put_aside_first(std::move(half));
        put_aside_first(std::move(batch));
        return;
    }
    const auto& result = batch.front();
    log::error("result refused, left to its lease", {{"event_id", result.event_id},
                                                     {"subscription_id", result.subscription_id},
                                                     {"sqlstate", error.sqlstate()},
                                                     {"reason", error.what()}});
    settle(batch);
}

void Recorder::settle(const Batch& batch) {
    if (settled_) {
        for (const auto& result : batch) {
            settled_(result);
        }
    }
}

/// Halves until those whose rows are locked stand alone; they are tried again, the less often the longer it lasts,
/// because each try holds up everybody's results for as long as the session's lock_timeout.
void Recorder::blocked(Batch batch) {
    aside_rest_until_ = steady_clock::now() + lock_backoff_.next();
    if (batch.size() > 1) {
        Batch half = take_half(batch);
        put_aside_last(std::move(half));
    }
    put_aside_last(std::move(batch));
}

void Recorder::put_aside_first(Batch batch) {
    aside_count_ += batch.size();
    aside_.push_front(std::move(batch));
}

void Recorder::put_aside_last(Batch batch) {
    aside_count_ += batch.size();
    aside_.push_back(std::move(batch));
}

/// Logs an error when it begins and when it changes, not each time.
void Recorder::tell(const pg::Error& error, std::size_t count) {
    if (told_ != error.what()) {
        told_ = error.what();
        log::warning("results not recorded, will repeat",
                     {{"count", count}, {"sqlstate", error.sqlstate()}, {"reason", error.what()}});
    }
}

}  // namespace moai::worker
