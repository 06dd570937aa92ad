#include "worker/delivery_loop.hpp"

#include <algorithm>
#include <utility>

#include "log/log.hpp"
#include "worker/attempt_result.hpp"

namespace moai::worker {

using namespace std::chrono_literals;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

// What a safety look finds has been missed if it was due for this long; what came just now is on its way to the
// sentinel.
constexpr milliseconds kUnheard = 500ms;

/// What is given holds for every worker; what follows from how many requests it may have in flight is put in.
Endpoint::Options endpoint_options(const DeliveryLoop::Options& options) {
    Endpoint::Options result = options.endpoint;
    // Half: an endpoint that has been fast fills the machine, and one that has just begun to hang leaves room.
    result.cap = std::max(options.concurrency / 2, 1);
    result.greatest_cap = options.concurrency;
    return result;
}

}  // namespace

DeliveryLoop::DeliveryLoop(base::EventLoop& loop, store::DeliveryQueue& queue, Transport& transport,
                           BuildRequest build_request, metrics::Registry& metrics, Options options)
    : loop_(loop),
      queue_(queue),
      transport_(transport),
      metrics_(metrics),
      options_(options),
      sender_(transport, std::move(build_request), metrics),
      wake_timer_(loop, options.safety_interval, [this](WakeReason reason) { wake(reason); }),
      recorder_(loop, queue, metrics, options.record,
                [this](const store::Recorded* answer, SteadyTime sent_at) { recorded(answer, sent_at); }),
      maintenance_(loop, queue, options.maintenance),
      endpoints_(endpoint_options(options),
                 {.send = [this](const Claimed& claimed, Endpoint::Ticket ticket) { return start(claimed, ticket); },
                  .park =
                      [this](const Claimed& claimed) {
                          metrics_.parked(1);
                          give_back(claimed.delivery, store::DeliveryResult::Outcome::parked);
                      }}),
      parking_(loop, queue, endpoints_, metrics,
               {.came = [this](const store::Claim& claim, SteadyTime sent_at) { parked_came(claim, sent_at); },
                .look = [this] { return look(); },
                // The rings of our own sessions are not heard.
                .told = [this] { want_claim(); },
                .done =
                    [this] {
                        claiming_ = false;
                        claim_overlapped_ = false;
                        claim_if_useful();
                        check_drained();
                    },
                .ticked =
                    [this] {
                        static_cast<void>(free_slots());
                        claim_if_useful();
                    }},
               options.learn_every),
      low_water_(options.low_water),
      slot_wait_(options.slot_wait),
      error_backoff_(50ms, 10s),
      held_back_(
          loop, [this](store::DeliveryResult result) { recorder_.add(std::move(result)); },
          [this] { claim_if_useful(); }) {
    recorder_.look_by([this] { return look(); });
    recorder_.observe([this](const store::DeliveryResult& result) {
        if (result.outcome == store::DeliveryResult::Outcome::parked) {
            endpoints_.settled(result.subscription_id, steady_clock::now());
        }
    });
}

DeliveryLoop::~DeliveryLoop() {
    for (const auto timer : {slots_timer_, stuck_timer_, error_timer_, sweep_timer_}) {
        loop_.cancel(timer);
    }
}

void DeliveryLoop::wake(WakeReason reason) {
    if (reason == WakeReason::safety_look && watch_.waits()) {
        return;
    }
    metrics_.wakeup(reason);
    // A safety look's catch is what nothing else announced: any other reason that comes in before the look takes the
    // credit.
    if (!claim_wanted_ || (reason != WakeReason::safety_look && reason != WakeReason::unanswered)) {
        reason_ = reason;
    }
    claim_wanted_ = true;
    if (reason == WakeReason::office) {
        parking_.take_office();
    }
    claim_if_useful();
}

void DeliveryLoop::listening() {
    parking_.learn();
    wake(WakeReason::reconnect);
}

void DeliveryLoop::renew_endpoint(const std::string& subscription_id) {
    endpoints_.renew(subscription_id, steady_clock::now());
    parking_.arm();
    claim_if_useful();
}

void DeliveryLoop::queue_ready() {
    loop_.cancel(std::exchange(error_timer_, 0));
    claim_wanted_ = true;
    if (reason_ == WakeReason::safety_look) {
        reason_ = WakeReason::reconnect;
    }
    low_water_.forget();
    recorder_.queue_ready();
    maintenance_.start();
    parking_.learn();
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

/// Is it better to wait for more free slots than to claim for these?
bool DeliveryLoop::waits_for_slots(int free) {
    if (!backlog_ || transport_.in_flight() == 0 || free >= std::min(options_.claim_batch, options_.concurrency) / 2) {
        return false;
    }
    const auto until = slot_wait_.until(steady_clock::now());
    if (until && slots_timer_ == 0) {
        slots_timer_ = loop_.at(*until, [this] {
            slots_timer_ = 0;
            claim_if_useful();
        });
    }
    return until.has_value();
}

store::Look DeliveryLoop::look() const {
    return {.in_office = watch_.in_office(), .since_us = low_water_.mark_us(), .ahead = !watch_.looks_again()};
}

/// Who relied on another look to come, and is not promised one any more when the answer comes, looks itself: our own
/// sessions' rings are not heard.
void DeliveryLoop::look_ahead_unless(bool looked_ahead) {
    if (!looked_ahead && !watch_.looks_again()) {
        want_claim();
    }
}

/// A look from where the last one left off, and one at everything not before that is worth its time again.
void DeliveryLoop::plan_sweep() {
    const auto owed = low_water_.sweep_owed();
    if (!owed) {
        loop_.cancel(std::exchange(sweep_timer_, 0));
    } else if (sweep_timer_ == 0) {
        want_claim_in(sweep_timer_, duration_cast<microseconds>(*owed - steady_clock::now()));
    }
}

void DeliveryLoop::claim_if_useful() {
    if (draining_ || claiming_ || error_timer_ != 0 || !queue_.can_claim()) {
        return;
    }
    const int free = free_slots();
    // Results that the database does not take yet hold claims back, so that memory stays bounded.
    const bool may_claim = recorder_.pending() <= 2 * static_cast<std::size_t>(options_.concurrency);
    if (parking_.begin(may_claim ? std::min(free, options_.claim_batch) : 0, claim_wanted_)) {
        claiming_ = true;
        return;
    }
    if (!claim_wanted_ || !may_claim || free <= 0 || waits_for_slots(free)) {
        return;
    }
    const int requested = std::min(free, options_.claim_batch);
    const WakeReason reason = reason_;
    claim_wanted_ = false;
    claiming_ = true;
    slot_wait_.ended();
    loop_.cancel(std::exchange(slots_timer_, 0));
    loop_.cancel(std::exchange(stuck_timer_, 0));
    wake_timer_.looked();
    const auto sent_at = steady_clock::now();
    auto saturated = endpoints_.saturated(sent_at);
    store::Look how = look();
    how.since_us = low_water_.since_us(sent_at);
    const auto answered = [this, requested, reason, sent_at, saturated, since_us = how.since_us](
                              const store::Claim& claim, const pg::Error* error) {
        claiming_ = false;
        if (error != nullptr) {
            claim_overlapped_ = false;
            if (error->sqlstate() == "57014") {
                low_water_.cancelled(since_us, steady_clock::now());
                plan_sweep();
            }
            claim_failed(*error);
        } else {
            if (claim.parked > 0) {
                endpoints_.were_parked(saturated, steady_clock::now());
            }
            metrics_.claim_took(duration_cast<microseconds>(steady_clock::now() - sent_at));
            // What came is the oldest of what was due.
            low_water_.claimed(since_us, claim.claimed_at_us - claim.overdue.count(),
                               claim.deliveries.size() + static_cast<std::size_t>(claim.parked), sent_at,
                               steady_clock::now());
            plan_sweep();
            const bool overlapped = std::exchange(claim_overlapped_, false) || recorder_.recording();
            record_overlapped_ = record_overlapped_ || recorder_.recording();
            claimed(claim, requested, reason, sent_at, overlapped);
        }
        // The next claim before the requests of this one: the database works while we send.
        claim_if_useful();
        transport_.begin_now();
        check_drained();
    };
    queue_.claim(requested, how, saturated, answered);
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
    const int free =
        options_.concurrency - static_cast<int>(transport_.in_flight() + held_back_.size() + endpoints_.waiting());
    watch_.saturated(free <= 0);
    return free;
}

void DeliveryLoop::claimed(const store::Claim& claim, int requested, WakeReason reason, SteadyTime sent_at,
                           bool overlapped) {
    const auto count = claim.deliveries.size();
    metrics_.claim(count);
    metrics_.parked(static_cast<std::uint64_t>(claim.parked));
    const bool is_safety_look = reason == WakeReason::safety_look || reason == WakeReason::unanswered;
    if (is_safety_look && !backlog_ && count > 0 && claim.overdue >= kUnheard) {
        metrics_.safety_look_catch();
        log::warning("a safety look found work that nothing had announced", {{"count", count}});
    }
    if (!told_error_.empty()) {
        told_error_.clear();
        log::info("claims succeed again");
    }
    error_backoff_.reset();
    admit(claim, sent_at);
    backlog_ = count == static_cast<std::size_t>(requested);
    slot_wait_.progressed(steady_clock::now());
    sleep_until_due(claim, sent_at, overlapped);
    look_ahead_unless(claim.looked_ahead);
    watch_.looked(count > 0 || claim.parked > 0, backlog_);
}

void DeliveryLoop::admit(const store::Claim& claim, SteadyTime sent_at) {
    // The database read its clock after we had asked: from then on its times run, however long the answer took.
    const DatabaseClock clock{claim.claimed_at_us, sent_at};
    const auto now = steady_clock::now();
    for (const auto& delivery : claim.deliveries) {
        if (draining_) {
            give_back(delivery, store::DeliveryResult::Outcome::released);
        } else {
            endpoints_.admit({delivery, clock, sent_at}, now);
        }
    }
    parking_.arm();
    metrics_.in_flight(transport_.in_flight());
    static_cast<void>(free_slots());
}

void DeliveryLoop::parked_came(const store::Claim& claim, SteadyTime sent_at) {
    metrics_.unparked(claim.deliveries.size());
    admit(claim, sent_at);
    if (claim.next_due_in && *claim.next_due_in <= 0us) {
        want_claim();
    } else {
        wake_timer_.bring_forward(claim.next_due_in, sent_at);
    }
    look_ahead_unless(claim.looked_ahead);
    transport_.begin_now();
}

void DeliveryLoop::sleep_until_due(const store::Claim& claim, SteadyTime sent_at, bool overlapped) {
    const bool is_due = claim.next_due_in && *claim.next_due_in <= 0us;
    const bool found = !claim.deliveries.empty() || claim.parked > 0;
    if (found || !is_due) {
        stuck_looks_.reset();
    }
    if (backlog_ || (is_due && found)) {
        want_claim();
    } else if (!claim.looked_ahead) {
        return;  // the next look comes before the next due time could
    } else if (is_due) {
        const auto in = stuck_looks_.next_in(claim.claimed_at_us + claim.next_due_in->count());
        if (in <= 0us) {
            want_claim();
        } else {
            want_claim_in(stuck_timer_, in);
        }
    } else if (overlapped) {
        wake_timer_.bring_forward(claim.next_due_in, sent_at);
    } else {
        wake_timer_.set_next_due(claim.next_due_in, sent_at);
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
    const bool looked_ahead = recorded != nullptr && recorded->looked_ahead;
    if (looked_ahead && overlapped) {
        wake_timer_.bring_forward(recorded->next_due_in, sent_at);
    } else if (looked_ahead && !claim_wanted_) {
        wake_timer_.set_next_due(recorded->next_due_in, sent_at);
    }
    look_ahead_unless(recorded == nullptr || looked_ahead);
    claim_if_useful();
    check_drained();
}

bool DeliveryLoop::start(const Claimed& claimed, Endpoint::Ticket ticket) {
    auto refused = sender_.send(claimed, [this, ticket](store::DeliveryResult result, const TransferResult& transfer) {
        finished(std::move(result), transfer, ticket);
    });
    if (refused) {
        recorder_.add(std::move(*refused));
    }
    return !refused;
}

void DeliveryLoop::finished(store::DeliveryResult result, const TransferResult& transfer, Endpoint::Ticket ticket) {
    const auto now = steady_clock::now();
    slot_wait_.progressed(now);
    std::string reason{error_class_name(transfer.error_class)};
    if (!result.error_detail.empty()) {
        reason += ": " + result.error_detail;
    }
    endpoints_.finished(result.subscription_id, ticket, ending_of(transfer), reason, now);
    parking_.arm();
    if (transfer.never_sent) {
        held_back_.hold(std::move(result));
        if (draining_) {
            held_back_.give_back();
        }
        return;
    }
    held_back_.relax();
    recorder_.add(std::move(result));
    static_cast<void>(free_slots());
    claim_if_useful();
}

void DeliveryLoop::give_back(const store::ClaimedDelivery& delivery, store::DeliveryResult::Outcome outcome) {
    recorder_.add(unsent_result(delivery, outcome));
}

void DeliveryLoop::drain(std::function<void()> drained) {
    draining_ = true;
    drained_ = std::move(drained);
    held_back_.give_back();
    for (const auto& claimed : endpoints_.take_waiting()) {
        give_back(claimed.delivery, store::DeliveryResult::Outcome::released);
    }
    check_drained();
}

void DeliveryLoop::check_drained() {
    if (draining_ && drained_ && !claiming_ && transport_.in_flight() == 0 && recorder_.pending() == 0) {
        std::exchange(drained_, nullptr)();
    }
}

}  // namespace moai::worker
