#include "worker/recorder.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "log/log.hpp"

namespace moai::worker {

using namespace std::chrono_literals;

Recorder::Recorder(base::EventLoop& loop, store::DeliveryQueue& queue, metrics::Registry& metrics, Options options,
                   Recorded on_recorded)
    : loop_(loop),
      queue_(queue),
      metrics_(metrics),
      options_(options),
      on_recorded_(std::move(on_recorded)),
      batch_limit_(options.batch),
      backoff_(10ms, 2s) {}

Recorder::~Recorder() { loop_.cancel(timer_); }

void Recorder::add(store::DeliveryResult result) {
    waiting_.push_back(std::move(result));
    if (waiting_.size() >= batch_limit_) {
        flush();
    } else if (timer_ == 0) {
        schedule(options_.delay);
    }
}

void Recorder::queue_ready() { flush(); }

void Recorder::schedule(std::chrono::microseconds in) {
    loop_.cancel(timer_);
    timer_ = loop_.at(std::chrono::steady_clock::now() + in, [this] {
        timer_ = 0;
        flush();
    });
}

void Recorder::flush() {
    if (waiting_.empty() || !sent_.empty() || !queue_.can_record()) {
        return;  // what waits goes with the answer to the batch under way, or when the connection is back
    }
    loop_.cancel(std::exchange(timer_, 0));
    if (waiting_.size() <= batch_limit_) {
        sent_.swap(waiting_);
    } else {
        const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(batch_limit_);
        sent_.assign(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
        waiting_.erase(waiting_.begin(), end);
    }
    queue_.record(sent_, [this](store::Recorded recorded, const pg::Error* error) { done(recorded, error); });
}

void Recorder::done(const store::Recorded& recorded, const pg::Error* error) {
    if (error != nullptr) {
        failed(*error);
        return;
    }
    sent_.clear();
    backoff_.reset();
    batch_limit_ = std::min(options_.batch, batch_limit_ * 2);
    metrics_.deliveries(metrics::Outcome::delivered, static_cast<std::uint64_t>(recorded.delivered));
    metrics_.deliveries(metrics::Outcome::retried, static_cast<std::uint64_t>(recorded.retried));
    metrics_.deliveries(metrics::Outcome::dead_lettered, static_cast<std::uint64_t>(recorded.dead_lettered));
    metrics_.released(static_cast<std::uint64_t>(recorded.released));
    metrics_.orphaned(static_cast<std::uint64_t>(recorded.orphaned));
    if (recorded.orphaned > 0) {
        log::warning("results came after their lease was lost", {{"count", recorded.orphaned}});
    }
    // A full interval again, so that the results of the last few milliseconds travel together.
    if (waiting_.size() >= batch_limit_) {
        flush();
    } else if (!waiting_.empty() && timer_ == 0) {
        schedule(options_.delay);
    }
    on_recorded_(&recorded);
}

void Recorder::failed(const pg::Error& error) {
    if (error.connection_lost() || error.retryable()) {
        log::warning("results not recorded, will repeat", {{"count", sent_.size()}, {"reason", error.what()}});
    } else if (sent_.size() > 1) {
        batch_limit_ = sent_.size() / 2;
        log::warning("results refused, will repeat in halves", {{"count", sent_.size()}, {"reason", error.what()}});
    } else {
        const auto& result = sent_.front();
        log::error(
            "result refused, left to its lease",
            {{"event_id", result.event_id}, {"subscription_id", result.subscription_id}, {"reason", error.what()}});
        sent_.clear();
    }
    waiting_.insert(waiting_.begin(), std::make_move_iterator(sent_.begin()), std::make_move_iterator(sent_.end()));
    sent_.clear();
    if (!waiting_.empty()) {
        schedule(backoff_.next());
    }
    on_recorded_(nullptr);
}

}  // namespace moai::worker
