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
TEST_F(DeliveryLoopTest, AsksWhatIsKnownOfEndpointsBeforeItsFirstClaim) {
    queue.on_endpoints = [this] { EXPECT_EQ(queue.claim_counts.size(), 1U) << "the one that has just been begun"; };
    run_until_claims(1);
    EXPECT_EQ(queue.endpoints_calls, 1);
}

TEST_F(DeliveryLoopTest, ClaimsAlthoughItCannotLearnOfEndpointsAndAsksAgain) {
    queue.endpoints_errors.emplace_back("57014", "canceling statement due to statement timeout");
    queue.claims.push_back(claim_of({delivery("a")}));
    run_until_recorded(1);
    EXPECT_EQ(queue.endpoints_calls, 1);
    queue.on_endpoints = [this] { loop.stop(); };
    loop.run();
    EXPECT_EQ(queue.endpoints_calls, 2);
}

TEST_F(DeliveryLoopTest, AsksAgainWhenItTakesTheOffice) {
    options.learn_every = 300ms;
    run_until_claims(1);
    const auto begin = std::chrono::steady_clock::now();
    queue.on_claim = nullptr;
    queue.on_endpoints = [this] { loop.stop(); };
    for (int i = 0; i < 3; ++i) {
        worker().wake(WakeReason::office);
    }
    loop.run();
    EXPECT_EQ(queue.endpoints_calls, 2);
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 250ms) << "as soon as it may";
    run_for(400ms);
    EXPECT_EQ(queue.endpoints_calls, 2) << "once for three times";
}

TEST_F(DeliveryLoopTest, ParksWhatAnEndpointThatHangsHasNoRoomForAndTellsItsClaims) {
    options.concurrency = 64;
    std::vector<store::ClaimedDelivery> many;
    for (int i = 0; i < 40; ++i) {
        many.push_back(delivery(std::to_string(i)));
    }
    transport.hangs = [](const OutgoingRequest&) { return true; };
    queue.claims.push_back(claim_of(many));
    run_until_recorded(1);
    EXPECT_EQ(transport.sent.size(), 16U) << "an endpoint that has not answered yet gets 16";
    EXPECT_EQ(queue.recorded.at(0).size(), 24U);
    for (const auto& result : queue.recorded.at(0)) {
        EXPECT_EQ(result.outcome, Outcome::parked);
    }
    worker().wake(WakeReason::notify);
    await_claims(2);
    EXPECT_EQ(queue.saturated_of_claims.at(0), std::vector<std::string>());
    EXPECT_EQ(queue.saturated_of_claims.back(), std::vector<std::string>{"s"});
    EXPECT_NE(metrics.text().find("moai_parked_total 24"), std::string::npos) << metrics.text();
}

TEST_F(DeliveryLoopTest, FetchesWhatWasParkedWhenARequestEnds) {
    transport.answer_at_once = false;
    std::vector<store::ClaimedDelivery> many;
    for (int i = 0; i < 20; ++i) {
        many.push_back(delivery(std::to_string(i)));
    }
    queue.claims.push_back(claim_of(many));
    run_until_recorded(1);
    ASSERT_EQ(queue.parked_calls.size(), 0U);
    queue.parked_claims.push_back(claim_of({delivery("16")}));
    queue.on_claim_parked = [this] { loop.stop(); };
    transport.finish();
    loop.run();
    ASSERT_EQ(queue.parked_calls.size(), 1U);
    EXPECT_EQ(queue.parked_calls[0].first, std::vector<std::string>{"s"});
    EXPECT_EQ(transport.sent.back().body, "16");
}

TEST_F(DeliveryLoopTest, AFetchThatFailsIsRepeated) {
    queue.known.push_back({.subscription_id = "s", .url = "", .has_parked = true});
    queue.parked_errors.emplace_back("57014", "canceling statement due to statement timeout");
    queue.parked_claims.push_back(claim_of({delivery("a")}));
    run_until_recorded(1);
    EXPECT_GE(queue.parked_calls.size(), 2U);
    EXPECT_EQ(transport.sent.at(0).body, "a");
}

TEST_F(DeliveryLoopTest, TellsOfABreakerThatOpensUntilItIsHeard) {
    options.endpoint.breaker.threshold = 1;
    transport.answer.error_class = ErrorClass::connect;
    transport.answer.error_detail = "refused";
    queue.breaker_errors.emplace_back("40001", "try again");
    queue.claims.push_back(claim_of({delivery("a")}));
    queue.on_breakers = [this] {
        if (queue.breaker_calls.size() == 2) {
            loop.stop();
        }
    };
    worker().queue_ready();
    loop.run();
    const auto& change = queue.breaker_calls.at(1).at(0);
    EXPECT_EQ(change.subscription_id, "s");
    ASSERT_TRUE(change.open);
    EXPECT_EQ(change.open->reason, "connect: refused");
    EXPECT_EQ(change.open->consecutive_failures, 1);
    EXPECT_NE(metrics.text().find("moai_breakers_open 1"), std::string::npos);
}

TEST_F(DeliveryLoopTest, AWorkerWhoseOnlyWorkIsParkedSleepsUntilItsProbe) {
    queue.known.push_back({.subscription_id = "s",
                           .url = "",
                           .has_parked = true,
                           .open = store::OpenBreaker{.probe_in = 60ms, .consecutive_failures = 20}});
    queue.parked_claims.push_back(claim_of({delivery("probe")}));
    run_until_claims(1);
    run_for(20ms);
    const auto wakeups = loop.wakeups();
    const auto begin = std::chrono::steady_clock::now();
    queue.on_record = [this] { loop.stop(); };
    loop.run();
    EXPECT_LE(loop.wakeups() - wakeups, 12U) << "nothing but the timer, the fetch, the request and the record";
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 10ms);
    EXPECT_EQ(queue.parked_calls.at(0).second, std::vector<int>{1});
    EXPECT_EQ(transport.sent.at(0).body, "probe");
}

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
