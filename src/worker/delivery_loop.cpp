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
// With a backlog a claim waits for more free slots as long as requests end this close to each other, and no longer than
// this in all.
constexpr milliseconds kRequestsKeepEnding = 5ms;
constexpr milliseconds kLongestWaitForSlots = 20ms;
// Looks at work that is due but does not come before they are put off: a claim parks what is paused, and finds nothing
// else among the rows that it took.
constexpr int kLooksAtOnce = 2;
// What a safety look finds has been missed if it was due for this long; what came just now is on its way to the
// sentinel.
constexpr milliseconds kUnheard = 500ms;

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
                [this](const store::Recorded* answer, SteadyTime sent_at) { recorded(answer, sent_at); }),
      maintenance_(loop, queue, options.maintenance),
      stuck_backoff_(2ms, 1s),
      error_backoff_(50ms, 10s),
      own_fault_backoff_(500ms, 5s) {}

DeliveryLoop::~DeliveryLoop() {
    for (const auto timer : {slots_timer_, stuck_timer_, error_timer_, held_back_timer_}) {
        loop_.cancel(timer);
    }
}

void DeliveryLoop::wake(WakeReason reason) {
    metrics_.wakeup(reason);
    // A safety look's catch is what nothing else announced: any other reason that comes in before the look takes the
    // credit.
    if (!claim_wanted_ || reason != WakeReason::safety_look) {
        reason_ = reason;
    }
    claim_wanted_ = true;
    claim_if_useful();
}

void DeliveryLoop::queue_ready() {
    loop_.cancel(std::exchange(error_timer_, 0));
    claim_wanted_ = true;
    if (reason_ == WakeReason::safety_look) {
        reason_ = WakeReason::reconnect;
    }
    recorder_.queue_ready();
    maintenance_.start();
    claim_if_useful();
}

void DeliveryLoop::want_claim() {
    reason_ = WakeReason::timer;
    claim_wanted_ = true;
}

void DeliveryLoop::want_claim_in(base::EventLoop::TimerId& timer, microseconds in) {
    loop_.cancel(timer);
    timer = loop_.at(steady_clock::now() + in, [this, &timer] {
        timer = 0;
        want_claim();
        claim_if_useful();
    });
}

/// With a backlog a claim is worth its statement only for a good part of the slots: is it better to wait for more? Only
/// while requests end: receivers that hang must not keep the free slots idle.
bool DeliveryLoop::more_may_come_free(int free) {
    if (!backlog_ || transport_.in_flight() == 0 || free >= std::min(options_.claim_batch, options_.concurrency) / 2) {
        return false;
    }
    const auto now = steady_clock::now();
    if (waiting_since_ == SteadyTime()) {
        waiting_since_ = now;
    }
    const auto until = std::min(last_progress_ + kRequestsKeepEnding, waiting_since_ + kLongestWaitForSlots);
    if (now >= until) {
        return false;
    }
    if (slots_timer_ == 0) {
        slots_timer_ = loop_.at(until, [this] {
            slots_timer_ = 0;
            claim_if_useful();
        });
    }
    return true;
}

void DeliveryLoop::claim_if_useful() {
    if (draining_ || !claim_wanted_ || claiming_ || error_timer_ != 0 || !queue_.can_claim()) {
        return;
    }
    const int free = free_slots();
    // Results that the database does not take yet hold claims back, so that memory stays bounded.
    if (free <= 0 || recorder_.pending() > 2 * static_cast<std::size_t>(options_.concurrency)) {
        return;
    }
    if (more_may_come_free(free)) {
        return;
    }
    const int requested = std::min(free, options_.claim_batch);
    const WakeReason reason = reason_;
    claim_wanted_ = false;
    claiming_ = true;
    waiting_since_ = {};
    loop_.cancel(std::exchange(slots_timer_, 0));
    loop_.cancel(std::exchange(stuck_timer_, 0));
    wake_timer_.looked();
    const auto sent_at = steady_clock::now();
    const auto answered = [this, requested, reason, sent_at](const store::Claim& claim, const pg::Error* error) {
        claiming_ = false;
        if (error != nullptr) {
            claim_overlapped_ = false;
            claim_failed(*error);
        } else {
            const bool overlapped = std::exchange(claim_overlapped_, false) || recorder_.recording();
            record_overlapped_ = record_overlapped_ || recorder_.recording();
            claimed(claim, requested, reason, sent_at, overlapped);
        }
        // The next claim before the requests of this one: the database works while we send.
        claim_if_useful();
        transport_.begin_now();
        check_drained();
    };
    queue_.claim(requested, watch_.in_office(), answered);
}

void DeliveryLoop::adopt(const store::Claim& claim, int requested, WakeReason reason) {
    metrics_.wakeup(reason);
    claim_overlapped_ = claim_overlapped_ || claiming_;
    record_overlapped_ = record_overlapped_ || recorder_.recording();
    wake_timer_.looked();
    // It may have waited for long before it claimed, so that only its end says when the database read its clock.
    claimed(claim, requested, reason, steady_clock::now(), true);
    claim_if_useful();
    transport_.begin_now();
    check_drained();
}

void DeliveryLoop::watched_by(Watch watch) { watch_ = std::move(watch); }

/// May be negative: what was adopted was not asked for.
int DeliveryLoop::free_slots() {
    const int free = options_.concurrency - static_cast<int>(transport_.in_flight() + held_back_.size());
    watch_.saturated(free <= 0);
    return free;
}

void DeliveryLoop::claimed(const store::Claim& claim, int requested, WakeReason reason, SteadyTime sent_at,
                           bool overlapped) {
    const auto count = claim.deliveries.size();
    metrics_.claim(count);
    const bool is_safety_look = reason == WakeReason::safety_look || reason == WakeReason::unanswered;
    if (is_safety_look && claim.overdue >= kUnheard) {
        metrics_.safety_look_catch();
        log::warning("a safety look found work that nothing had announced", {{"count", count}});
    }
    if (!told_error_.empty()) {
        told_error_.clear();
        log::info("claims succeed again");
    }
    error_backoff_.reset();
    // The database read its clock after we had asked: from then on its times run, however long the answer took.
    const DatabaseClock clock{claim.claimed_at_us, sent_at};
    for (const auto& delivery : claim.deliveries) {
        if (draining_) {
            release(delivery);
        } else {
            start(delivery, clock, sent_at);
        }
    }
    metrics_.in_flight(transport_.in_flight());
    backlog_ = count == static_cast<std::size_t>(requested);
    last_progress_ = steady_clock::now();
    sleep_until_due(claim, sent_at, overlapped);
    watch_.looked(count > 0, backlog_);
}

void DeliveryLoop::sleep_until_due(const store::Claim& claim, SteadyTime sent_at, bool overlapped) {
    const bool is_due = claim.next_due_in && *claim.next_due_in <= 0us;
    if (!claim.deliveries.empty() || !is_due) {
        stuck_looks_ = 0;
        stuck_backoff_.reset();
    }
    if (backlog_ || (is_due && !claim.deliveries.empty())) {
        want_claim();
    } else if (is_due) {
        look_again_at_stuck(claim.claimed_at_us + claim.next_due_in->count());
    } else if (overlapped) {
        wake_timer_.bring_forward(claim.next_due_in, sent_at);
    } else {
        wake_timer_.set_next_due(claim.next_due_in, sent_at);
    }
}

/// Something is due and did not come: this claim parked what it took because its subscription is paused, or somebody
/// else holds the rows. As long as the earliest due time moves the queue is being worked on; when it stands still, the
/// looks become rarer.
void DeliveryLoop::look_again_at_stuck(std::int64_t due_at_us) {
    if (std::exchange(stuck_due_at_us_, due_at_us) != due_at_us) {
        stuck_looks_ = 0;
        stuck_backoff_.reset();
    }
    if (++stuck_looks_ <= kLooksAtOnce) {
        want_claim();
    } else {
        want_claim_in(stuck_timer_, stuck_backoff_.next());
    }
}

void DeliveryLoop::claim_failed(const pg::Error& error) {
    if (told_error_ != error.what()) {
        told_error_ = error.what();
        log::warning("claims fail, will repeat", {{"sqlstate", error.sqlstate()}, {"reason", error.what()}});
    }
    want_claim();
    if (!error.connection_lost()) {
        want_claim_in(error_timer_, error_backoff_.next());
    }
}

void DeliveryLoop::recorded(const store::Recorded* recorded, SteadyTime sent_at) {
    const bool overlapped = std::exchange(record_overlapped_, false) || claiming_;
    claim_overlapped_ = claim_overlapped_ || claiming_;
    if (recorded != nullptr && overlapped) {
        wake_timer_.bring_forward(recorded->next_due_in, sent_at);
    } else if (recorded != nullptr && !claim_wanted_) {
        wake_timer_.set_next_due(recorded->next_due_in, sent_at);
    }
    claim_if_useful();
    check_drained();
}

void DeliveryLoop::start(const store::ClaimedDelivery& delivery, const DatabaseClock& clock, SteadyTime claim_sent_at) {
    const auto now = steady_clock::now();
    OutgoingRequest request;
    std::int64_t published_at_us = 0;
    try {
        request = build_request_(delivery, clock.us_at(now) / 1'000'000);
        published_at_us = delivery.attempt_no == 1 ? epoch_us_of(delivery.published_at) : 0;
    } catch (const std::exception& error) {
        // One delivery that cannot be made into a request (its secret was edited by hand, say) must not take the worker
        // down.
        fail(delivery, clock.us_at(now), error.what());
        return;
    }
    request.timeout = delivery.timeout;
    request.start_deadline = claim_sent_at + delivery.lease - delivery.timeout - kRecordingTime;
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
    last_progress_ = steady_clock::now();
    if (transfer.never_sent) {
        result.outcome = Outcome::released;
        hold_back(std::move(result));
        return;
    }
    own_fault_backoff_.reset();
    switch (transfer.error_class) {
        case ErrorClass::none: result.outcome = Outcome::delivered; break;
        case ErrorClass::lease_expired: result.outcome = Outcome::released; break;  // never sent: no attempt was made
        default: result.outcome = Outcome::failed;
    }
    if (result.outcome != Outcome::released) {
        metrics_.attempt(error_class_name(transfer.error_class));
    }
    if (published_at_us != 0 && transfer.first_byte) {
        const auto until_first_byte = transfer.dns.value_or(0us) + transfer.connect.value_or(0us) +
                                      transfer.tls.value_or(0us) + *transfer.first_byte;
        metrics_.publish_to_first_byte(microseconds(result.started_at_us - published_at_us) + until_first_byte);
    }
    metrics_.in_flight(transport_.in_flight());
    recorder_.add(std::move(result));
    static_cast<void>(free_slots());
    claim_if_useful();
}

/// A delivery that we could not send for our own fault is given back, and costs no try; but not at once, because it
/// would come back as soon. Until then it stays leased to us and takes a slot, so that a lasting fault brings claims to
/// a stop by itself.
void DeliveryLoop::hold_back(store::DeliveryResult result) {
    metrics_.in_flight(transport_.in_flight());
    if (held_back_timer_ == 0) {
        log::warning("requests cannot be sent, a fault of this worker's own", {{"reason", result.error_detail}});
        held_back_timer_ = loop_.at(steady_clock::now() + own_fault_backoff_.next(), [this] {
            held_back_timer_ = 0;
            give_back_held();
        });
    }
    held_back_.push_back(std::move(result));
    if (draining_) {
        give_back_held();
    }
}

void DeliveryLoop::give_back_held() {
    loop_.cancel(std::exchange(held_back_timer_, 0));
    for (auto& result : std::exchange(held_back_, {})) {
        recorder_.add(std::move(result));
    }
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

void DeliveryLoop::drain(std::function<void()> drained) {
    draining_ = true;
    drained_ = std::move(drained);
    give_back_held();
    check_drained();
}

void DeliveryLoop::check_drained() {
    if (draining_ && drained_ && !claiming_ && transport_.in_flight() == 0 && recorder_.pending() == 0) {
        std::exchange(drained_, nullptr)();
    }
}

}  // namespace moai::worker
