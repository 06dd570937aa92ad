// What a delivery loop asks and tells the database of endpoints, and when it fetches what was parked.
#include "worker/parking.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "unit/worker/delivery_loop_fixture.hpp"

namespace moai::worker {
namespace {

using namespace std::chrono_literals;
using testing::delivery;
using Outcome = store::DeliveryResult::Outcome;

struct ParkingTest : testing::DeliveryLoopTest {};

TEST_F(ParkingTest, AsksWhatIsKnownOfEndpointsBeforeItsFirstClaim) {
    queue.on_endpoints = [this] { EXPECT_EQ(queue.claim_counts.size(), 1U) << "the one that has just been begun"; };
    run_until_claims(1);
    EXPECT_EQ(queue.endpoints_calls, 1);
}

TEST_F(ParkingTest, ClaimsAlthoughItCannotLearnOfEndpointsAndAsksAgain) {
    queue.endpoints_errors.emplace_back("57014", "canceling statement due to statement timeout");
    queue.claims.push_back(claim_of({delivery("a")}));
    run_until_recorded(1);
    EXPECT_EQ(queue.endpoints_calls, 1);
    queue.on_endpoints = [this] { loop.stop(); };
    loop.run();
    EXPECT_EQ(queue.endpoints_calls, 2);
}

TEST_F(ParkingTest, AsksAgainWhenItTakesTheOffice) {
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

TEST_F(ParkingTest, ParksWhatAnEndpointThatHangsHasNoRoomForAndTellsItsClaims) {
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

TEST_F(ParkingTest, FetchesWhatWasParkedWhenARequestEnds) {
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

TEST_F(ParkingTest, AFetchThatFailsIsRepeated) {
    queue.known.push_back({.subscription_id = "s", .url = "", .has_parked = true});
    queue.parked_errors.emplace_back("57014", "canceling statement due to statement timeout");
    queue.parked_claims.push_back(claim_of({delivery("a")}));
    run_until_recorded(1);
    EXPECT_GE(queue.parked_calls.size(), 2U);
    EXPECT_EQ(transport.sent.at(0).body, "a");
}

TEST_F(ParkingTest, TellsOfABreakerThatOpensUntilItIsHeard) {
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

TEST_F(ParkingTest, AsksAnewWhenItListensAgainAndNoticesAnotherUrl) {
    queue.known.push_back({.subscription_id = "s",
                           .url = "https://old.example/",
                           .has_parked = true,
                           .open = store::OpenBreaker{.probe_in = 1h, .consecutive_failures = 20}});
    run_until_claims(1);
    EXPECT_EQ(queue.endpoints_calls, 1);
    EXPECT_TRUE(queue.parked_calls.empty());
    queue.known[0].url = "https://new.example/";
    queue.on_claim_parked = [this] { loop.stop(); };
    worker().listening();
    loop.run();
    EXPECT_EQ(queue.endpoints_calls, 2);
    EXPECT_EQ(queue.parked_calls.at(0).first, std::vector<std::string>{"s"});
}

TEST_F(ParkingTest, FetchesWhatWaitsForAnEndpointThatIsRenewedAtOnce) {
    queue.known.push_back({.subscription_id = "s",
                           .url = "https://a.example/",
                           .has_parked = true,
                           .open = store::OpenBreaker{.probe_in = 1h, .consecutive_failures = 20}});
    run_until_claims(1);
    worker().renew_endpoint("another one");
    EXPECT_TRUE(queue.parked_calls.empty());
    queue.on_claim_parked = [this] { loop.stop(); };
    worker().renew_endpoint("s");
    loop.run();
    EXPECT_EQ(queue.parked_calls.at(0).first, std::vector<std::string>{"s"});
}

TEST_F(ParkingTest, LooksOnceItHasToldOfABreakerBecauseThatMayHavePublishedAnEvent) {
    options.endpoint.breaker.threshold = 1;
    transport.answer.error_class = ErrorClass::connect;
    queue.claims.push_back(claim_of({delivery("a")}));
    queue.on_breakers = [this] { loop.stop(); };
    worker().queue_ready();
    loop.run();
    EXPECT_EQ(queue.claim_counts.size(), 2U);
}

TEST_F(ParkingTest, AWorkerWhoseOnlyWorkIsParkedSleepsUntilItsProbe) {
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

}  // namespace
}  // namespace moai::worker
