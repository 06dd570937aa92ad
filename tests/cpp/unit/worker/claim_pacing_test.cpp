// When the delivery loop claims: with a backlog, with receivers that hang, with rows that do not come, and after
// errors.
#include <gtest/gtest.h>

#include <algorithm>

#include "unit/worker/delivery_loop_fixture.hpp"

namespace moai::worker {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using testing::delivery;

class ClaimPacing : public testing::DeliveryLoopTest {
protected:
    static std::vector<store::ClaimedDelivery> deliveries(int count, const std::string& event_id) {
        return std::vector<store::ClaimedDelivery>(static_cast<std::size_t>(count), delivery(event_id));
    }
    /// What a claim answers that had something to look at and nothing to give.
    static store::Claim nothing_came(std::chrono::microseconds due_in, std::chrono::microseconds later = 0us) {
        auto claim = claim_of({}, due_in);
        claim.claimed_at_us += later.count();
        return claim;
    }
    [[nodiscard]] bool arrived(const std::string& event_id) const {
        return std::ranges::any_of(transport.sent, [&](const auto& request) { return request.body == event_id; });
    }
};

TEST_F(ClaimPacing, ReceiversThatHangDoNotKeepTheFreeSlotsIdle) {
    options.concurrency = 10;
    options.claim_batch = 10;
    transport.hangs = [](const OutgoingRequest& request) { return request.body == "hangs"; };
    auto due = deliveries(6, "hangs");  // more than half of the slots
    auto good = deliveries(24, "good");
    good.push_back(delivery("last"));
    for (auto& one : good) {
        one.subscription_id = "another endpoint";
        due.push_back(one);
    }
    queue.claims.push_back(claim_of(due));
    const auto start = steady_clock::now();
    queue.on_record = [this] {
        if (arrived("last")) {
            loop.stop();
        }
    };
    worker().queue_ready();
    loop.run();
    EXPECT_TRUE(arrived("last"));
    EXPECT_LT(steady_clock::now() - start, 2s);
}

TEST_F(ClaimPacing, WhileRequestsEndAClaimWaitsForAGoodPartOfTheSlots) {
    options.concurrency = 10;
    options.claim_batch = 10;
    options.slot_wait = {.between_ends = 1h, .longest = 1h};
    transport.answer_at_once = false;
    queue.claims.push_back(claim_of(deliveries(10, "a")));
    run_until_claims(1);
    transport.finish();
    EXPECT_EQ(queue.claim_counts.size(), 1U);
    for (int i = 0; i < 4; ++i) {
        transport.finish();
    }
    EXPECT_EQ(queue.claim_counts, (std::vector<int>{10, 5}));
}

TEST_F(ClaimPacing, WhatAClaimParkedHidesNothingBehindIt) {
    // Each claim takes what is due first, finds it paused and gives nothing; the earliest due time moves each time.
    for (int claim = 0; claim < 200; ++claim) {
        queue.claims.push_back(nothing_came(-10s + claim * 1ms));
    }
    queue.claims.push_back(claim_of({delivery("behind")}));
    const auto start = steady_clock::now();
    run_until_recorded(1);
    EXPECT_LT(steady_clock::now() - start, 5s);
    EXPECT_TRUE(arrived("behind"));
}

TEST_F(ClaimPacing, APausedBacklogOfOneMomentCostsMilliseconds) {
    // What one transaction published is due at one time: nothing shows that the queue moves.
    for (int claim = 0; claim < 5; ++claim) {
        queue.claims.push_back(nothing_came(-10s));
    }
    queue.claims.push_back(claim_of({delivery("behind")}));
    const auto start = steady_clock::now();
    run_until_recorded(1);
    EXPECT_LT(steady_clock::now() - start, 2s);
}

TEST_F(ClaimPacing, RowsThatStayLockedAreLookedAtMoreAndMoreRarely) {
    queue.claims.assign(1000, nothing_came(-10s));
    run_until_claims(1);
    run_for(300ms);
    EXPECT_GE(queue.claim_counts.size(), 5U);
    EXPECT_LE(queue.claim_counts.size(), 12U) << "2 at once, then pauses of 1, 2, 4 ... ms at least";
}

TEST_F(ClaimPacing, ALastingErrorIsAskedAboutMoreAndMoreRarelyWhoeverRings) {
    queue.claim_errors.assign(1000, pg::Error("42501", "permission denied"));
    run_until_claims(1);
    for (int ring = 0; ring < 30; ++ring) {
        worker().wake(WakeReason::notify);
        run_for(10ms);
    }
    EXPECT_GE(queue.claim_counts.size(), 2U);
    EXPECT_LE(queue.claim_counts.size(), 5U) << "pauses of 25, 50, 100, 200 ms at least";
}

TEST_F(ClaimPacing, ClaimsAgainAfterAnError) {
    queue.claim_errors.emplace_back("57014", "canceling statement due to statement timeout");
    queue.claims.push_back(claim_of({delivery("a")}));
    run_until_recorded(1);
    EXPECT_TRUE(arrived("a"));
}

TEST_F(ClaimPacing, AConnectionThatIsBackEndsTheRestAfterAnError) {
    queue.claim_errors.assign(8, pg::Error("42501", "permission denied"));
    queue.claims.push_back(claim_of({delivery("a")}));
    queue.on_claim = [this] {
        if (queue.claim_errors.empty()) {
            loop.stop();
        } else {
            worker().queue_ready();
        }
    };
    const auto start = steady_clock::now();
    worker().queue_ready();
    loop.run();
    EXPECT_LT(steady_clock::now() - start, 5s);
}

TEST_F(ClaimPacing, AClaimsOlderSnapshotDoesNotPutOffTheRetryRecordedMeanwhile) {
    queue.claims.push_back(claim_of({delivery("a")}, 28s));
    queue.claims.push_back(claim_of({}, 28s));
    transport.answer.error_class = ErrorClass::connect;
    queue.next_due_after_record = 40ms;
    run_until_claims(1);
    queue.hold_claims = true;
    queue.on_record = [this] { loop.stop(); };
    worker().wake(WakeReason::notify);  // this claim looks before the retry is recorded, and answers after it
    loop.run();
    queue.hold_claims = false;
    queue.on_claim = queue.on_record = nullptr;
    queue.answer_claim();
    await_claims(3);
    EXPECT_EQ(queue.claim_counts.size(), 3U);
}

TEST_F(ClaimPacing, ARecordsOlderSnapshotDoesNotPutOffWhatAClaimSawMeanwhile) {
    queue.claims.push_back(claim_of({delivery("a")}, 28s));
    queue.claims.push_back(claim_of({}, 40ms));
    queue.next_due_after_record = 28s;
    queue.hold_records = true;
    run_until_claims(1);
    run_for(20ms);  // the record is under way
    ASSERT_EQ(queue.record_calls.size(), 1U);
    worker().wake(WakeReason::notify);
    await_claims(2);
    queue.hold_records = false;
    queue.answer_record();
    await_claims(3);
    EXPECT_EQ(queue.claim_counts.size(), 3U);
}

TEST_F(ClaimPacing, DueTimesRunFromWhenTheClaimWasSent) {
    queue.hold_claims = true;
    queue.claims.push_back(claim_of({}, 1s));
    worker().queue_ready();
    const auto sent = steady_clock::now();
    run_for(900ms);
    queue.hold_claims = false;
    queue.answer_claim();
    queue.on_claim = [this] { loop.stop(); };
    loop.run();
    EXPECT_LT(steady_clock::now() - sent, 1800ms) << "after the answer 0.1 s are left, not 1 s";
}

}  // namespace
}  // namespace moai::worker
