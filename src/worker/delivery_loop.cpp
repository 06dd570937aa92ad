#include "worker/delivery_loop.hpp"

#include <algorithm>
#include <utility>

#include "log/log.hpp"
#include "worker/iso_time.hpp"

namespace moai::worker {

using namespace std::chrono_literals;
using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

// What must be left of a lease when a request's timeout has run out, for its result to be recorded in time.
constexpr milliseconds kRecordingTime = 5s;
// Between two calls of a maintenance that takes several: each is a short transaction, and results go in between.
constexpr milliseconds kNextPartOfMaintenance = 100ms;

store::DeliveryResult result_of(const store::ClaimedDelivery& delivery) {
    store::DeliveryResult result;
    result.event_id = delivery.event_id;
    result.subscription_id = delivery.subscription_id;
    result.lease_token = delivery.lease_token;
    result.attempt_no = delivery.attempt_no;
    return result;
}

std::optional<std::int64_t> count(const std::optional<microseconds>& duration) {
    return duration ? std::optional<std::int64_t>(duration->count()) : std::nullopt;
}

}  // namespace

std::int64_t DeliveryLoop::DatabaseClock::us_at(SteadyTime when) const {
    return at_us + duration_cast<microseconds>(when - steady).count();
}

DeliveryLoop::DeliveryLoop(base::EventLoop& loop, store::DeliveryQueue& queue, Transport& transport,
                           BuildRequest build_request, metrics::Registry& metrics, Options options)
    : loop_(loop),
      queue_(queue),
      transport_(transport),
      build_request_(std::move(build_request)),
      metrics_(metrics),
      options_(options),
      wake_timer_(loop, options.safety_interval, [this](WakeReason reason) { wake(reason); }),
      recorder_(loop, queue, metrics, options.record,
                [this](const store::Recorded* recorded) {
                    if (recorded != nullptr && claiming_) {
                        wake_timer_.bring_forward(
                            recorded->next_due_in);  // the claim under way may not have seen these results
                    } else if (recorded != nullptr && !claim_wanted_) {
                        wake_timer_.set_next_due(recorded->next_due_in);
                    }
                    maintain();
                    claim_if_useful();
                    check_drained();
                }),
      look_again_backoff_(2ms, 200ms) {}

DeliveryLoop::~DeliveryLoop() {
    loop_.cancel(look_again_timer_);
    loop_.cancel(maintenance_timer_);
}

void DeliveryLoop::wake(WakeReason reason) {
    switch (reason) {
        case WakeReason::notify: metrics_.wakeup(metrics::WakeReason::notify); break;
        case WakeReason::timer: metrics_.wakeup(metrics::WakeReason::timer); break;
        case WakeReason::safety_look: metrics_.wakeup(metrics::WakeReason::safety_look); break;
        case WakeReason::reconnect: break;  // counted as a reconnect by whoever reconnected
    }
    // A safety look's catch is what nothing else announced: any other reason that comes in before the look takes the
    // credit.
    if (!claim_wanted_ || reason != WakeReason::safety_look) {
        reason_ = reason;
    }
    claim_wanted_ = true;
    claim_if_useful();
}

void DeliveryLoop::queue_ready() {
    claim_wanted_ = true;
    if (reason_ == WakeReason::safety_look) {
        reason_ = WakeReason::reconnect;
    }
    recorder_.queue_ready();
    maintain();
    claim_if_useful();
}

void DeliveryLoop::claim_if_useful() {
    if (draining_ || !claim_wanted_ || claiming_ || !queue_.can_claim()) {
        return;
    }
    const auto in_flight = static_cast<int>(transport_.in_flight());
    const int free = options_.concurrency - in_flight;
    // Results that the database does not take yet hold claims back, so that memory stays bounded.
    if (free <= 0 || recorder_.pending() > 2 * static_cast<std::size_t>(options_.concurrency)) {
        return;
    }
    // With a backlog a claim is worth its statement only for a good part of the slots.
    if (backlog_ && in_flight > 0 && free < std::min(options_.claim_batch, options_.concurrency) / 2) {
        return;
    }
    const int requested = std::min(free, options_.claim_batch);
    const WakeReason reason = reason_;
    claim_wanted_ = false;
    claiming_ = true;
    loop_.cancel(std::exchange(look_again_timer_, 0));
    wake_timer_.looked();
    const auto sent_at = steady_clock::now();
    queue_.claim(requested, [this, requested, reason, sent_at](store::Claim claim, const pg::Error* error) {
        claiming_ = false;
        if (error != nullptr) {
            claim_failed(*error);
        } else {
            claimed(claim, requested, reason, sent_at);
        }
        claim_if_useful();
        check_drained();
    });
}

void DeliveryLoop::claimed(const store::Claim& claim, int requested, WakeReason reason, SteadyTime sent_at) {
    const auto count = claim.deliveries.size();
    metrics_.claim(count);
    if (reason == WakeReason::safety_look && count > 0) {
        metrics_.safety_look_catch();
        log::warning("a safety look found work that nothing had announced", {{"count", count}});
    }
    const DatabaseClock clock{claim.claimed_at_us, steady_clock::now()};
    for (const auto& delivery : claim.deliveries) {
        if (draining_) {
            release(delivery);
        } else {
            start(delivery, clock, sent_at);
        }
    }
    metrics_.in_flight(transport_.in_flight());

    backlog_ = count == static_cast<std::size_t>(requested);
    if (backlog_) {
        claim_wanted_ = true;
        reason_ = WakeReason::timer;
    } else if (claim.next_due_in && *claim.next_due_in <= 0us) {
        look_again(look_again_backoff_.next());  // due, but locked by another worker's claim just now
    } else {
        wake_timer_.set_next_due(claim.next_due_in);
    }
    if (count > 0) {
        look_again_backoff_.reset();
    }
}

void DeliveryLoop::claim_failed(const pg::Error& error) {
    log::warning("claim failed", {{"sqlstate", error.sqlstate()}, {"reason", error.what()}});
    claim_wanted_ = true;
    if (!error.connection_lost()) {
        claim_wanted_ = false;
        look_again(look_again_backoff_.next());
    }
}

void DeliveryLoop::look_again(microseconds in) {
    loop_.cancel(look_again_timer_);
    look_again_timer_ = loop_.at(steady_clock::now() + in, [this] {
        look_again_timer_ = 0;
        reason_ = WakeReason::timer;
        claim_wanted_ = true;
        claim_if_useful();
    });
}

void DeliveryLoop::start(const store::ClaimedDelivery& delivery, const DatabaseClock& clock, SteadyTime claim_sent_at) {
    const auto now = steady_clock::now();
    OutgoingRequest request;
    try {
        request = build_request_(delivery, clock.us_at(now) / 1'000'000);
    } catch (const std::exception& error) {
        // One delivery that cannot be made into a request (its secret was edited by hand, say) must not take the worker
        // down.
        fail(delivery, clock.us_at(now), error.what());
        return;
    }
    request.timeout = delivery.timeout;
    request.start_deadline = claim_sent_at + delivery.lease - delivery.timeout - kRecordingTime;
    const auto published_at_us = delivery.attempt_no == 1 ? epoch_us_of(delivery.published_at) : 0;
    transport_.send(std::move(request), [this, result = result_of(delivery), clock,
                                         published_at_us](TransferResult transfer) mutable {
        result.started_at_us = clock.us_at(transfer.started_at);
        result.http_status = transfer.http_status;
        result.error_class = transfer.error_class == ErrorClass::none ? "" : error_class_name(transfer.error_class);
        result.error_detail = std::move(transfer.error_detail);
        result.remote_address = std::move(transfer.remote_address);
        result.response_body = std::move(transfer.response_body);
        result.response_bytes = transfer.response_bytes;
        result.dns_us = count(transfer.dns);
        result.connect_us = count(transfer.connect);
        result.tls_us = count(transfer.tls);
        result.first_byte_us = count(transfer.first_byte);
        result.total_us = transfer.total.count();
        finished(std::move(result), published_at_us, transfer);
    });
}

void DeliveryLoop::finished(store::DeliveryResult result, std::int64_t published_at_us,
                            const TransferResult& transfer) {
    using Outcome = store::DeliveryResult::Outcome;
    switch (transfer.error_class) {
        case ErrorClass::none: result.outcome = Outcome::delivered; break;
        case ErrorClass::lease_expired: result.outcome = Outcome::released; break;  // never sent: no attempt was made
        default: result.outcome = Outcome::failed;
    }
    if (result.outcome != Outcome::released) {
        metrics_.attempt(error_class_name(transfer.error_class));
        if (published_at_us != 0) {
            metrics_.publish_to_first_byte(microseconds(result.started_at_us - published_at_us));
        }
    }
    metrics_.in_flight(transport_.in_flight());
    recorder_.add(std::move(result));
    claim_if_useful();
}

void DeliveryLoop::fail(const store::ClaimedDelivery& delivery, std::int64_t at_us, std::string why) {
    auto result = result_of(delivery);
    result.started_at_us = at_us;
    result.error_class = error_class_name(ErrorClass::invalid_request);
    result.error_detail = std::move(why);
    metrics_.attempt(result.error_class);
    recorder_.add(std::move(result));
}

void DeliveryLoop::release(const store::ClaimedDelivery& delivery) {
    auto result = result_of(delivery);
    result.outcome = store::DeliveryResult::Outcome::released;
    recorder_.add(std::move(result));
}

void DeliveryLoop::maintain() {
    if (!maintenance_due_ || draining_ || !queue_.can_record()) {
        return;
    }
    maintenance_due_ = false;
    queue_.maintain([this](bool more, const pg::Error* error) {
        if (error != nullptr) {
            log::warning("maintenance failed", {{"sqlstate", error->sqlstate()}, {"reason", error->what()}});
        }
        recorder_.queue_ready();
        loop_.cancel(maintenance_timer_);
        const milliseconds next_in = more ? kNextPartOfMaintenance : options_.maintenance_interval;
        maintenance_timer_ = loop_.at(steady_clock::now() + next_in, [this] {
            maintenance_timer_ = 0;
            maintenance_due_ = true;
            maintain();
        });
    });
}

void DeliveryLoop::drain(std::function<void()> drained) {
    draining_ = true;
    drained_ = std::move(drained);
    check_drained();
}

void DeliveryLoop::check_drained() {
    if (draining_ && drained_ && !claiming_ && transport_.in_flight() == 0 && recorder_.pending() == 0) {
        std::exchange(drained_, nullptr)();
    }
}

}  // namespace moai::worker
