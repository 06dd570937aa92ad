#include "worker/delivery_loop.hpp"

#include <gtest/gtest.h>
#include <algorithm>

#include "unit/worker/delivery_loop_fixture.hpp"

namespace moai::worker {
namespace {

using namespace std::chrono_literals;
using testing::delivery;
using DeliveryLoopTest = testing::DeliveryLoopTest;
using Outcome = store::DeliveryResult::Outcome;

TEST_F(DeliveryLoopTest, SendsWhatItClaimsAndRecordsTheAnswer) {
    queue.claims.push_back(claim_of({delivery("a"), delivery("b")}));
    transport.answer.http_status = 204;
    run_until_recorded(1);
    ASSERT_EQ(queue.recorded.at(0).size(), 2U);
    const auto& result = queue.recorded[0][0];
    EXPECT_EQ(result.event_id, "a");
    EXPECT_EQ(result.lease_token, 7);
    EXPECT_EQ(result.outcome, Outcome::delivered);
    EXPECT_EQ(result.http_status, 204);
    EXPECT_EQ(result.error_class, "");
}

TEST_F(DeliveryLoopTest, GivesBackARequestWhoseLeaseLeftNoTimeToSendIt) {
    queue.claims.push_back(claim_of({delivery("a")}));
    transport.answer.error_class = ErrorClass::lease_expired;
    run_until_recorded(1);
    EXPECT_EQ(queue.recorded.at(0).at(0).outcome, Outcome::released);
}

TEST_F(DeliveryLoopTest, RecordsADeliveryThatCannotBeMadeIntoARequestAndGoesOn) {
    queue.claims.push_back(claim_of({delivery("unsignable"), delivery("good")}));
    run_until_recorded(1);
    ASSERT_EQ(queue.recorded.at(0).size(), 2U);
    EXPECT_EQ(queue.recorded[0][0].outcome, Outcome::failed);
    EXPECT_EQ(queue.recorded[0][0].error_class, "invalid_request");
    EXPECT_EQ(queue.recorded[0][0].error_detail, "bad secret");
    EXPECT_EQ(queue.recorded[0][1].outcome, Outcome::delivered);
}

TEST_F(DeliveryLoopTest, BeginsTheRequestsOfAClaimWithinItsAnswer) {
    queue.claims.push_back(claim_of({delivery("a")}));
    run_until_claims(1);
    EXPECT_EQ(transport.begun, 1);
}

TEST_F(DeliveryLoopTest, AFaultOfOurOwnCostsNoTryAndIsGivenBackAfterAPause) {
    queue.claims.push_back(claim_of({delivery("a")}));
    transport.answer.error_class = ErrorClass::internal;
    transport.answer.never_sent = true;
    const auto start = std::chrono::steady_clock::now();
    run_until_recorded(1);
    EXPECT_EQ(queue.recorded.at(0).at(0).outcome, Outcome::released);
    EXPECT_GE(std::chrono::steady_clock::now() - start, 250ms);
    EXPECT_EQ(metrics.text().find("moai_attempts_total{"), std::string::npos) << "no attempt was made";
}

TEST_F(DeliveryLoopTest, AFaultOfOurOwnThatLastsBringsClaimsToAStop) {
    options.concurrency = 2;
    transport.answer.error_class = ErrorClass::internal;
    transport.answer.never_sent = true;
    for (int i = 0; i < 10; ++i) {
        queue.claims.push_back(claim_of({delivery("a"), delivery("b")}));
    }
    run_until_claims(1);
    run_for(100ms);
    EXPECT_EQ(queue.claim_counts.size(), 1U);
}

TEST_F(DeliveryLoopTest, DrainingDoesNotWaitForWhatIsHeldBack) {
    queue.claims.push_back(claim_of({delivery("a")}));
    transport.answer.error_class = ErrorClass::internal;
    transport.answer.never_sent = true;
    run_until_claims(1);
    run_for(20ms);
    const auto start = std::chrono::steady_clock::now();
    worker().drain([this] { loop.stop(); });
    loop.run();
    EXPECT_LT(std::chrono::steady_clock::now() - start, 200ms);
    EXPECT_EQ(queue.recorded.at(0).at(0).outcome, Outcome::released);
}

TEST_F(DeliveryLoopTest, ClaimsNoMoreThanItHasRoomFor) {
    options.concurrency = 3;
    transport.answer_at_once = false;
    queue.claims.push_back(claim_of({delivery("a"), delivery("b")}));
    run_until_claims(1);
    worker().wake(WakeReason::notify);
    queue.on_claim = [this] { loop.stop(); };
    loop.run();
    EXPECT_EQ(queue.claim_counts, (std::vector<int>{3, 1}));
}

TEST_F(DeliveryLoopTest, ClaimsAgainWhenAFullClaimLeftMoreBehind) {
    options.concurrency = 2;
    queue.claims.push_back(claim_of({delivery("a"), delivery("b")}));
    queue.claims.push_back(claim_of({delivery("c")}));
    run_until_claims(2);
    EXPECT_EQ(transport.sent.size(), 3U);
}

TEST_F(DeliveryLoopTest, WakesAtTheNextDueTimeAndNotBefore) {
    queue.claims.push_back(claim_of({}, 30ms));
    const auto before = std::chrono::steady_clock::now();
    run_until_claims(2);
    EXPECT_GE(std::chrono::steady_clock::now() - before, 30ms);
}

TEST_F(DeliveryLoopTest, TakesTheNextDueTimeFromTheRecordingOfARetry) {
    queue.claims.push_back(claim_of({delivery("a")}, 28s));
    transport.answer.error_class = ErrorClass::connect;
    queue.next_due_after_record = 20ms;
    run_until_claims(2);
    EXPECT_EQ(queue.claim_counts.size(), 2U);
}

TEST_F(DeliveryLoopTest, ForgetsALeasesEndOnceItsResultIsRecorded) {
    queue.claims.push_back(claim_of({delivery("a")}, 20ms));
    run_until_recorded(1);
    const auto done = loop.at(std::chrono::steady_clock::now() + 60ms, [this] { loop.stop(); });
    loop.run();
    EXPECT_EQ(queue.claim_counts.size(), 1U);
    loop.cancel(done);
}

TEST_F(DeliveryLoopTest, LooksOncePerSafetyIntervalAndCountsItsCatches) {
    options.safety_interval = 20ms;
    queue.claims.push_back(claim_of({}));
    queue.claims.push_back(claim_of({delivery("a")}));
    queue.claims.back().overdue = 1s;
    run_until_recorded(1);
    EXPECT_NE(metrics.text().find("safety_look_catches_total 1"), std::string::npos) << metrics.text();
}

TEST_F(DeliveryLoopTest, WhatASafetyLookFindsJustBeforeItIsAnnouncedIsNoCatch) {
    options.safety_interval = 20ms;
    queue.claims.push_back(claim_of({}));
    queue.claims.push_back(claim_of({delivery("a")}));
    queue.claims.back().overdue = 1ms;
    run_until_recorded(1);
    EXPECT_NE(metrics.text().find("safety_look_catches_total 0"), std::string::npos) << metrics.text();
}

TEST_F(DeliveryLoopTest, LeavesItsSafetyLookToTheEndOfAWaitForTheOffice) {
    options.safety_interval = 20ms;
    bool waits = true;
    worker().watched_by({.waits = [&] { return waits; }});
    queue.claims.push_back(claim_of({}));
    run_until_claims(1);
    run_for(100ms);
    EXPECT_EQ(queue.claim_counts.size(), 1U);
    worker().wake(WakeReason::notify);
    await_claims(2);
    waits = false;
    await_claims(3);
}

TEST_F(DeliveryLoopTest, TellsItsWatchOfEachLookAndAsksItWhoIsInOffice) {
    std::vector<std::pair<bool, bool>> looks;
    bool in_office = false;
    worker().watched_by({.looked = [&](bool found, bool more) { looks.emplace_back(found, more); },
                         .saturated = [](bool) {},
                         .in_office = [&] { return in_office; },
                         .looks_again = [] { return false; }});
    options.claim_batch = 2;
    queue.claims.push_back(claim_of({}));
    run_until_claims(1);
    in_office = true;
    queue.claims.push_back(claim_of({delivery("a")}));
    worker().wake(WakeReason::notify);
    await_claims(2);
    EXPECT_EQ(looks, (std::vector<std::pair<bool, bool>>{{false, false}, {true, false}}));
    ASSERT_EQ(queue.looks.size(), 2U);
    EXPECT_FALSE(queue.looks[0].in_office);
    EXPECT_TRUE(queue.looks[1].in_office);
}

TEST_F(DeliveryLoopTest, SendsWhatSomebodyElseHasClaimedForIt) {
    worker().adopt(claim_of({delivery("a")}, 50ms), 1, WakeReason::help);
    run_until_recorded(1);
    ASSERT_EQ(transport.sent.size(), 1U);
    EXPECT_EQ(transport.sent[0].body, "a");
    EXPECT_NE(metrics.text().find("wakeups_total{reason=\"help\"} 1"), std::string::npos) << metrics.text();
}

TEST_F(DeliveryLoopTest, HearsADoorbellThatRingsWhileItClaims) {
    queue.claims.push_back(claim_of({}));
    queue.on_endpoints = [this] {
        worker().wake(WakeReason::notify);
    };  // the claim under way may have looked too early
    worker().queue_ready();
    queue.on_claim = [this] {
        if (queue.claim_counts.size() == 2) {
            loop.stop();
        }
    };
    loop.run();
    EXPECT_EQ(queue.claim_counts.size(), 2U);
}

TEST_F(DeliveryLoopTest, SleepsWhenThereIsNothingToDo) {
    queue.claims.push_back(claim_of({}));
    run_until_claims(1);
    const auto done = loop.at(std::chrono::steady_clock::now() + 50ms, [this] { loop.stop(); });
    loop.run();
    EXPECT_EQ(queue.claim_counts.size(), 1U);
    loop.cancel(done);
}

TEST_F(DeliveryLoopTest, ClaimsWhenTheConnectionIsBack) {
    queue.claim_up = false;
    worker().queue_ready();
    EXPECT_TRUE(queue.claim_counts.empty());
    queue.claim_up = true;
    run_until_claims(1);
    EXPECT_EQ(queue.claim_counts.size(), 1U);
}

TEST_F(DeliveryLoopTest, DrainingEndsWhenEverythingInFlightIsRecorded) {
    transport.answer_at_once = false;
    queue.claims.push_back(claim_of({delivery("a"), delivery("b")}));
    run_until_claims(1);
    bool drained = false;
    worker().drain([&] {
        drained = true;
        loop.stop();
    });
    EXPECT_FALSE(drained);
    transport.finish();
    transport.finish();
    EXPECT_FALSE(drained);
    loop.run();
    EXPECT_TRUE(drained);
    EXPECT_EQ(queue.recorded.at(0).size(), 2U);
}

TEST_F(DeliveryLoopTest, DrainingGivesBackWhatAClaimUnderWayBrings) {
    queue.claims.push_back(claim_of({delivery("a")}));
    queue.on_endpoints = [this] { worker().drain([this] { loop.stop(); }); };  // the first claim is under way
    worker().queue_ready();
    loop.run();
    EXPECT_TRUE(transport.sent.empty());
    EXPECT_EQ(queue.recorded.at(0).at(0).outcome, Outcome::released);
}

// worker/parking.cpp, as the loop uses it.
TEST_F(DeliveryLoopTest, DrainingGivesBackWhatWaitsForRoom) {
    transport.answer_at_once = false;
    options.endpoint.horizon = 10s;
    std::vector<store::ClaimedDelivery> many;
    for (int i = 0; i < 17; ++i) {
        many.push_back(delivery(std::to_string(i)));
    }
    queue.claims.push_back(claim_of(many));
    run_until_claims(1);
    worker().drain([this] { loop.stop(); });
    for (int i = 0; i < 16; ++i) {
        transport.finish();
    }
    loop.run();
    std::size_t released = 0;
    for (const auto& batch : queue.recorded) {
        released += static_cast<std::size_t>(
            std::count_if(batch.begin(), batch.end(), [](const auto& r) { return r.outcome == Outcome::released; }));
    }
    EXPECT_EQ(released, 1U);
}

}  // namespace
}  // namespace moai::worker
