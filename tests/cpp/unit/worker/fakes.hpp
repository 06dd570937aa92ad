// A queue and a transport in memory, for the worker's tests: they answer when the test says so.
#pragma once

#include <deque>
#include <functional>
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
    std::deque<pg::Error> record_errors;
    std::optional<std::chrono::microseconds> next_due_after_record;
    std::vector<int> claim_counts;                             ///< max_count of each claim
    std::vector<std::vector<store::DeliveryResult>> recorded;  ///< batches that were taken
    std::function<void()> on_claim, on_record, on_maintain;
    int maintained = 0, maintenance_calls = 1;  ///< calls made, and how many it takes until nothing is left to do

    [[nodiscard]] bool can_claim() const override { return claim_up && !claiming_; }
    [[nodiscard]] bool can_record() const override { return record_up && !recording_; }

    void claim(int max_count, ClaimDone done) override {
        claiming_ = true;
        claim_counts.push_back(max_count);
        store::Claim answer;
        if (!claims.empty()) {
            answer = std::move(claims.front());
            claims.pop_front();
        }
        loop_.post([this, done = std::move(done), answer = std::move(answer)] {
            claiming_ = false;
            done(answer, nullptr);
            call(on_claim);
        });
    }

    void record(const std::vector<store::DeliveryResult>& results, RecordDone done) override {
        recording_ = true;
        loop_.post([this, done = std::move(done), results] {
            recording_ = false;
            if (!record_errors.empty()) {
                const auto error = record_errors.front();
                record_errors.pop_front();
                done({}, &error);
                return;
            }
            store::Recorded answer;
            for (const auto& result : results) {
                answer.delivered += result.outcome == store::DeliveryResult::Outcome::delivered ? 1 : 0;
                answer.released += result.outcome == store::DeliveryResult::Outcome::released ? 1 : 0;
            }
            answer.next_due_in = next_due_after_record;
            recorded.push_back(results);
            done(answer, nullptr);
            call(on_record);
        });
    }

    void maintain(MaintainDone done) override {
        recording_ = true;
        ++maintained;
        loop_.post([this, done = std::move(done)] {
            recording_ = false;
            done(maintained < maintenance_calls, nullptr);
            call(on_maintain);
        });
    }

private:
    static void call(const std::function<void()>& callback) {
        if (callback) {
            callback();
        }
    }

    base::EventLoop& loop_;
    bool claiming_ = false, recording_ = false;
};

/// Keeps the requests until finish() ends one.
class FakeTransport : public Transport {
public:
    explicit FakeTransport(base::EventLoop& loop) : loop_(loop) {}

    std::vector<OutgoingRequest> sent;
    bool answer_at_once = true;
    TransferResult answer;

    void send(OutgoingRequest request, Done done) override {
        sent.push_back(std::move(request));
        waiting_.push_back(std::move(done));
        if (answer_at_once) {
            loop_.post([this] { finish(); });
        }
    }
    [[nodiscard]] std::size_t in_flight() const override { return waiting_.size(); }

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
};

}  // namespace moai::worker::testing
