#include "worker/parking.hpp"

#include <algorithm>
#include <utility>

#include "log/log.hpp"

namespace moai::worker {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

Parking::Parking(base::EventLoop& loop, store::DeliveryQueue& queue, Endpoints& endpoints, metrics::Registry& metrics,
                 Calls calls, std::chrono::milliseconds learn_every)
    : loop_(loop),
      queue_(queue),
      endpoints_(endpoints),
      metrics_(metrics),
      calls_(std::move(calls)),
      learn_every_(learn_every),
      backoff_(50ms, 10s) {}

Parking::~Parking() {
    loop_.cancel(timer_);
    loop_.cancel(rest_timer_);
    loop_.cancel(learn_timer_);
}

bool Parking::begin(int free_slots, bool claim_waits) {
    if (rest_timer_ != 0) {
        return false;
    }
    if (must_learn_) {
        learn_now();
        return true;
    }
    if (endpoints_.has_changes()) {
        tell();
        return true;
    }
    if (free_slots <= 0 || !endpoints_.wants_parked() || (claim_waits && std::exchange(fetched_last_, false))) {
        return false;
    }
    const auto wanted = endpoints_.wanted(free_slots, steady_clock::now());
    if (wanted.empty()) {
        return false;
    }
    fetched_last_ = true;
    fetch(wanted);
    return true;
}

void Parking::take_office() {
    if (learn_timer_ == 0) {
        learn_timer_ = loop_.at(std::max(learned_at_ + learn_every_, steady_clock::now()), [this] {
            learn_timer_ = 0;
            learn();
            calls_.ticked();
        });
    }
}

void Parking::failed(const pg::Error& error) {
    if (error.connection_lost()) {
        return;  // the next one begins with learning
    }
    log::warning("endpoints: a statement failed, will repeat",
                 {{"sqlstate", error.sqlstate()}, {"reason", error.what()}});
    rest_timer_ = loop_.at(steady_clock::now() + backoff_.next(), [this] {
        rest_timer_ = 0;
        calls_.ticked();
    });
}

void Parking::learn_now() {
    queue_.endpoints([this](const std::vector<store::KnownEndpoint>& known, const pg::Error* error) {
        if (error == nullptr) {
            must_learn_ = false;
            learned_at_ = steady_clock::now();
            endpoints_.adopt(known, steady_clock::now());
            arm();
            backoff_.reset();
        } else {
            failed(*error);
        }
        calls_.done();
    });
}

void Parking::tell() {
    auto changes = endpoints_.take_changes(steady_clock::now());
    for (const auto& change : changes) {
        if (change.open) {
            log::warning(change.open->times_opened > 0 ? "endpoint fails, its deliveries wait"
                                                       : "endpoint asks for a rest, its deliveries wait",
                         {{"subscription_id", change.subscription_id},
                          {"consecutive_failures", change.open->consecutive_failures},
                          {"reason", change.open->reason},
                          {"next_try_in_ms", change.open->probe_in.count() / 1000}});
        } else {
            log::info("endpoint answers again", {{"subscription_id", change.subscription_id}});
        }
    }
    queue_.record_breakers(changes, [this, changes](const pg::Error* error) {
        if (error != nullptr) {
            endpoints_.put_back(changes);
            failed(*error);
        } else {
            calls_.told();
        }
        calls_.done();
    });
}

void Parking::fetch(const Endpoints::Wanted& wanted) {
    const auto sent_at = steady_clock::now();
    queue_.claim_parked(wanted.subscription_ids, wanted.counts, calls_.look(),
                        [this, wanted, sent_at](const store::Claim& claim, const pg::Error* error) {
                            if (error == nullptr) {
                                calls_.came(claim, sent_at);
                                endpoints_.came(wanted, claim, steady_clock::now());
                            } else {
                                endpoints_.did_not_come(wanted, steady_clock::now());
                                failed(*error);
                            }
                            arm();
                            calls_.done();
                        });
}

void Parking::arm() {
    metrics_.breakers_open(endpoints_.open_breakers());
    const auto due = endpoints_.next_at();
    if (due == due_) {
        return;
    }
    due_ = due;
    loop_.cancel(std::exchange(timer_, 0));
    if (due_) {
        timer_ = loop_.at(*due_, [this] {
            timer_ = 0;
            due_.reset();
            endpoints_.tick(steady_clock::now());
            arm();
            calls_.ticked();
        });
    }
}

}  // namespace moai::worker
