// A queue and a transport in memory, for the worker's tests: they answer when the test says so.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/event_loop.hpp"
#include "store/delivery_queue.hpp"
#include "worker/transport.hpp"

namespace moai::worker::testing {

inline store::ClaimedDelivery delivery(const std::string& event_id,
                                       std::chrono::milliseconds timeout = std::chrono::seconds(15)) {
    store::ClaimedDelivery claimed;
    claimed.event_id = event_id;
    claimed.subscription_id = "s";
    claimed.lease_token = 7;
    claimed.attempt_no = 1;
    claimed.published_at = "2026-01-31T12:00:00.000000Z";
    claimed.timeout = timeout;
    claimed.lease = timeout + std::chrono::seconds(13);
    return claimed;
}

/// Answers each claim with the next entry of `claims` (an empty claim when there is none), and each record at once.
class FakeQueue : public store::DeliveryQueue {
public:
    explicit FakeQueue(base::EventLoop& loop) : loop_(loop) {}

    bool claim_up = true, record_up = true;
    std::deque<store::Claim> claims;
    std::deque<pg::Error> claim_errors, record_errors, maintenance_errors;  ///< what the next calls fail with
    bool hold_claims = false, hold_records = false;                         ///< answers wait for answer_...()
    std::optional<std::chrono::microseconds> next_due_after_record;
    std::vector<int> claim_counts;   ///< max_count of each claim
    std::vector<store::Look> looks;  ///< of each claim
    std::vector<store::Look> record_looks;
    std::vector<std::vector<store::DeliveryResult>> recorded;      ///< batches that were taken
    std::vector<std::vector<store::DeliveryResult>> record_calls;  ///< those that were refused too
    std::set<std::string> locked;  ///< subscriptions whose results cannot be recorded now (55P03)
    std::function<void()> on_claim, on_record, on_maintain, on_claim_parked, on_breakers, on_endpoints;
    std::vector<std::vector<std::string>> saturated_of_claims;
    std::deque<store::Claim> parked_claims;
    std::vector<store::Look> parked_looks;
    std::vector<std::pair<std::vector<std::string>, std::vector<int>>> parked_calls;  ///< the arguments of each
    std::vector<store::KnownEndpoint> known;                                          ///< to endpoints()
    std::vector<std::vector<store::BreakerChange>> breaker_calls;
    std::deque<pg::Error> parked_errors, endpoints_errors, breaker_errors;
    int endpoints_calls = 0;
    int maintained = 0, maintenance_calls = 1;  ///< calls made, and how many it takes until nothing is left to do

    [[nodiscard]] bool can_claim() const override { return claim_up && !claiming_; }
    [[nodiscard]] bool can_record() const override { return record_up && !recording_; }

    void claim(int max_count, const store::Look& look, const std::vector<std::string>& saturated,
               ClaimDone done) override {
        claiming_ = true;
        looks.push_back(look);
        claim_counts.push_back(max_count);
        saturated_of_claims.push_back(saturated);
        store::Claim answer;
        answer.claimed_at_us = 1'700'000'000'000'000;
        if (claim_errors.empty() && !claims.empty()) {
            answer = claims.front();
            // Never more than was asked for; what is left is there for the next claim.
            auto& offered = claims.front().deliveries;
            const auto count = std::min(offered.size(), static_cast<std::size_t>(max_count));
            answer.deliveries.resize(count);
            offered.erase(offered.begin(), offered.begin() + static_cast<std::ptrdiff_t>(count));
            if (offered.empty()) {
                claims.pop_front();
            }
        }
        answer.looked_ahead = look.ahead;
        held_claim_ = [this, done = std::move(done), answer = std::move(answer)] {
            claiming_ = false;
            const auto error = take(claim_errors);
            done(error ? store::Claim() : answer, error ? &*error : nullptr);
            call(on_claim);
        };
        if (!hold_claims) {
            loop_.post([this] { answer_claim(); });
        }
    }
    /// The claim under way is answered now.
    void answer_claim() { std::exchange(held_claim_, nullptr)(); }

    void record(const std::vector<store::DeliveryResult>& results, const store::Look& look, RecordDone done) override {
        recording_ = true;
        record_calls.push_back(results);
        record_looks.push_back(look);
        held_record_ = [this, done = std::move(done), results, ahead = look.ahead] {
            recording_ = false;
            if (const auto error = error_for(results)) {
                done({}, &*error);
                call(on_record);
                return;
            }
            store::Recorded answer;
            for (const auto& result : results) {
                answer.delivered += result.outcome == store::DeliveryResult::Outcome::delivered ? 1 : 0;
                answer.released += result.outcome == store::DeliveryResult::Outcome::released ? 1 : 0;
            }
            answer.next_due_in = next_due_after_record;
            answer.looked_ahead = ahead;
            recorded.push_back(results);
            done(answer, nullptr);
            call(on_record);
        };
        if (!hold_records) {
            loop_.post([this] { answer_record(); });
        }
    }
    /// The batch under way is answered now.
    void answer_record() { std::exchange(held_record_, nullptr)(); }

    /// Answers with the next entry of `parked_claims`, as it is.
    void claim_parked(const std::vector<std::string>& subscription_ids, const std::vector<int>& counts,
                      const store::Look& look, ClaimDone done) override {
        claiming_ = true;
        parked_calls.emplace_back(subscription_ids, counts);
        parked_looks.push_back(look);
        loop_.post([this, done = std::move(done), ahead = look.ahead] {
            claiming_ = false;
            const auto error = take(parked_errors);
            store::Claim answer;
            if (!error && !parked_claims.empty()) {
                answer = parked_claims.front();
                parked_claims.pop_front();
            }
            answer.looked_ahead = ahead;
            done(answer, error ? &*error : nullptr);
            call(on_claim_parked);
        });
    }
    void endpoints(EndpointsDone done) override {
        claiming_ = true;
        ++endpoints_calls;
        loop_.post([this, done = std::move(done)] {
            claiming_ = false;
            const auto error = take(endpoints_errors);
            done(error ? std::vector<store::KnownEndpoint>() : known, error ? &*error : nullptr);
            call(on_endpoints);
        });
    }
    void record_breakers(const std::vector<store::BreakerChange>& changes, Done done) override {
        claiming_ = true;
        breaker_calls.push_back(changes);
        loop_.post([this, done = std::move(done)] {
            claiming_ = false;
            const auto error = take(breaker_errors);
            done(error ? &*error : nullptr);
            call(on_breakers);
        });
    }

    void maintain(MaintainDone done) override {
        ++maintained;
        loop_.post([this, done = std::move(done)] {
            const auto error = take(maintenance_errors);
            done(!error && maintained < maintenance_calls, error ? &*error : nullptr);
            call(on_maintain);
        });
    }

private:
    static void call(const std::function<void()>& callback) {
        if (callback) {
            callback();
        }
    }

    static std::optional<pg::Error> take(std::deque<pg::Error>& errors) {
        if (errors.empty()) {
            return std::nullopt;
        }
        const auto error = errors.front();
        errors.pop_front();
        return error;
    }
    std::optional<pg::Error> error_for(const std::vector<store::DeliveryResult>& results) {
        for (const auto& result : results) {
            if (locked.contains(result.subscription_id)) {
                return pg::Error("55P03", "canceling statement due to lock timeout");
            }
        }
        return take(record_errors);
    }

    base::EventLoop& loop_;
    bool claiming_ = false, recording_ = false;
    std::function<void()> held_claim_, held_record_;
};

/// Keeps the requests until finish() ends one.
class FakeTransport : public Transport {
public:
    explicit FakeTransport(base::EventLoop& loop) : loop_(loop) {}

    std::vector<OutgoingRequest> sent;
    bool answer_at_once = true;
    TransferResult answer;
    std::function<bool(const OutgoingRequest&)> hangs;  ///< requests that are never answered
    int begun = 0;

    void send(OutgoingRequest request, Done done) override {
        sent.push_back(std::move(request));
        if (hangs && hangs(sent.back())) {
            ++hanging_;
            return;
        }
        waiting_.push_back(std::move(done));
        if (answer_at_once) {
            loop_.post([this] { finish(); });
        }
    }
    [[nodiscard]] std::size_t in_flight() const override { return waiting_.size() + hanging_; }
    void begin_now() override { ++begun; }

    /// Ends the oldest request with `answer`.
    void finish() {
        auto done = std::move(waiting_.front());
        waiting_.pop_front();
        auto result = answer;
        result.started_at = std::chrono::steady_clock::now();
        done(std::move(result));
    }

private:
    base::EventLoop& loop_;
    std::deque<Done> waiting_;
    std::size_t hanging_ = 0;
};

}  // namespace moai::worker::testing
