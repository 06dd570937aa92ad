#include "worker/endpoint.hpp"

#include <gtest/gtest.h>

#include <deque>

namespace moai::worker {
namespace {

using namespace std::chrono_literals;
using Change = Breaker::Change;

struct EndpointTest : ::testing::Test {
    Endpoint::SteadyTime now{1000h};
    EndpointLimits limits;
    Endpoint endpoint{limits, {}, now};
    std::deque<Endpoint::Ticket> tickets;

    void limit(std::optional<int> max_in_flight, std::optional<double> rate = std::nullopt) {
        endpoint.set_limits({max_in_flight, rate}, now);
    }
    int fill() {
        int sent = 0;
        for (; endpoint.may_send(now); ++sent) {
            tickets.push_back(endpoint.sent(now));
        }
        return sent;
    }
    Change finish(Verdict verdict) {
        const auto ticket = tickets.front();
        tickets.pop_front();
        return endpoint.finished(ticket, {verdict}, now, 0);
    }
    void finish_all(Verdict verdict) {
        while (!tickets.empty()) {
            finish(verdict);
        }
    }
    void open() {
        while (endpoint.breaker().state(now) == Breaker::State::closed) {
            fill();
            finish(Verdict::fault);
        }
    }
};

TEST_F(EndpointTest, AnEndpointThatNeverAnswersGetsSixteen) {
    EXPECT_EQ(fill(), 16);
    EXPECT_FALSE(endpoint.next_at(now)) << "only the end of a request makes room";
}

TEST_F(EndpointTest, TheWindowDoublesEachRoundTripToItsCap) {
    for (const int expected : {16, 32, 64, 128, 256, 256}) {
        EXPECT_EQ(fill(), expected);
        finish_all(Verdict::alive);
    }
}

TEST_F(EndpointTest, AWindowThatIsNotUsedDoesNotGrow) {
    for (int i = 0; i < 100; ++i) {
        tickets.push_back(endpoint.sent(now));
        finish(Verdict::alive);
    }
    EXPECT_EQ(endpoint.window(), 16);
}

TEST_F(EndpointTest, TheLimitOfTheSubscriptionIsTheCap) {
    limit(3);
    EXPECT_EQ(fill(), 3);
    finish_all(Verdict::alive);
    EXPECT_EQ(fill(), 3);
    limit(400);
    for (int i = 0; i < 10; ++i) {
        finish_all(Verdict::alive);
        fill();
    }
    EXPECT_EQ(endpoint.in_flight(), 400);
    limit(10'000);
    for (int i = 0; i < 10; ++i) {
        finish_all(Verdict::alive);
        fill();
    }
    EXPECT_EQ(endpoint.in_flight(), 512) << "no more than the worker has";
}

TEST_F(EndpointTest, ALowerLimitLetsNothingMoreGoUntilEnoughHasEnded) {
    fill();
    limit(2);
    for (int left = 15; left >= 2; --left) {
        finish(Verdict::alive);
        EXPECT_EQ(endpoint.in_flight(), left);
        EXPECT_FALSE(endpoint.may_send(now));
    }
    finish(Verdict::alive);
    EXPECT_TRUE(endpoint.may_send(now));
}

TEST_F(EndpointTest, OverloadHalvesTheWindowOncePerRoundTrip) {
    fill();
    finish_all(Verdict::alive);
    fill();
    ASSERT_EQ(endpoint.window(), 32);
    for (int i = 0; i < 10; ++i) {
        finish(Verdict::overload);
    }
    EXPECT_EQ(endpoint.window(), 16) << "ten of one round trip are one sign";
    finish_all(Verdict::alive);
    fill();
    finish(Verdict::overload);
    EXPECT_LT(endpoint.window(), 32);
}

TEST_F(EndpointTest, OverloadLeavesAWindowOfOne) {
    limit(1);
    for (int i = 0; i < 5; ++i) {
        fill();
        finish(Verdict::overload);
        EXPECT_EQ(endpoint.window(), 1);
    }
}

TEST_F(EndpointTest, AfterTheProbeTheWindowIsARamp) {
    open();
    tickets.clear();
    endpoint = Endpoint({}, {}, now);
    for (int i = 0; i < 20; ++i) {
        tickets.push_back(endpoint.sent(now));
        finish(Verdict::fault);
    }
    ASSERT_EQ(endpoint.next_at(now), now + 5s);
    EXPECT_EQ(fill(), 0);
    now += 5s;
    EXPECT_EQ(fill(), 1);
    EXPECT_EQ(finish(Verdict::alive), Change::closed);
    for (const int expected : {2, 4, 8, 16, 32}) {
        EXPECT_EQ(fill(), expected);
        finish_all(Verdict::alive);
    }
}

TEST_F(EndpointTest, ThatAskedToBeLeftAloneIsProbedThenAndRampedUp) {
    TransferResult busy;
    busy.error_class = ErrorClass::http_status;
    busy.http_status = 429;
    busy.retry_after = 60s;
    fill();
    const auto ticket = tickets.front();
    tickets.pop_front();
    EXPECT_EQ(endpoint.finished(ticket, ending_of(busy), now, 1), Change::opened);
    finish_all(Verdict::overload);
    EXPECT_EQ(fill(), 0);
    EXPECT_EQ(endpoint.next_at(now), now + 60s) << "to the second that it said";
    now += 60s;
    EXPECT_EQ(fill(), 1);
    finish_all(Verdict::alive);
    EXPECT_EQ(fill(), 2);
}

TEST_F(EndpointTest, LateAnswersDoNotWidenTheWindowOfAnOpenBreaker) {
    fill();
    for (int i = 0; i < 4; ++i) {
        endpoint.finished({}, {Verdict::nothing}, now, 0);
    }
    endpoint = Endpoint({}, {}, now);
    tickets.clear();
    fill();
    std::vector<Endpoint::Ticket> late(tickets.begin() + 8, tickets.end());
    tickets.resize(8);
    finish_all(Verdict::fault);
    while (endpoint.breaker().state(now) == Breaker::State::closed) {
        tickets.push_back(endpoint.sent(now));
        finish(Verdict::fault);
    }
    for (const auto& ticket : late) {
        endpoint.finished(ticket, {Verdict::alive}, now, 0);
    }
    EXPECT_EQ(endpoint.in_flight(), 0);
    now = endpoint.breaker().probe_at();
    EXPECT_EQ(fill(), 1);
}

TEST_F(EndpointTest, TheRateIsHeldBesideTheWindow) {
    limit(std::nullopt, 5);
    EXPECT_EQ(fill(), 5);
    finish_all(Verdict::alive);
    EXPECT_EQ(fill(), 0);
    const auto next = endpoint.next_at(now);
    ASSERT_TRUE(next);
    EXPECT_NEAR(std::chrono::duration<double>(*next - now).count(), 0.2, 0.001);
    now = *next;
    EXPECT_EQ(fill(), 1);
    limit(std::nullopt);
    EXPECT_EQ(fill(), 15) << "the limit is gone";
}

TEST_F(EndpointTest, WithBreakerAndRateTheLaterTimeCounts) {
    limit(std::nullopt, 0.01);
    fill();
    endpoint.breaker().restore(now + 5s, 20, 1);
    finish_all(Verdict::nothing);
    EXPECT_GT(*endpoint.next_at(now), now + 99s);
}

TEST_F(EndpointTest, HeadroomIsTheRoomThereIsAndWhatTheHorizonWillMake) {
    EXPECT_EQ(endpoint.headroom(now, 0), 16);
    EXPECT_EQ(endpoint.headroom(now, 10), 6);
    EXPECT_EQ(endpoint.headroom(now, 100), 0);
    fill();
    EXPECT_EQ(endpoint.headroom(now, 0), 0) << "nothing ended yet: nothing is expected to";
    for (int i = 0; i < 8; ++i) {
        finish(Verdict::alive);
    }
    EXPECT_EQ(endpoint.headroom(now, 0), endpoint.window() - 8 + 8);
    now += 200ms;
    EXPECT_EQ(endpoint.headroom(now, 0), endpoint.window() - 8) << "what ended long ago promises nothing";
}

TEST_F(EndpointTest, HeadroomKeepsToTheRate) {
    limit(std::nullopt, 10);
    EXPECT_EQ(endpoint.headroom(now, 0), 10);
    EXPECT_EQ(endpoint.headroom(now, 4), 6);
    fill();
    EXPECT_EQ(endpoint.headroom(now, 0), 0);
    EXPECT_EQ(endpoint.headroom(now + 99ms, 0), 0) << "not before there is a whole token";
    EXPECT_EQ(endpoint.headroom(now + 101ms, 0), 1);
    limit(std::nullopt, 1000);
    EXPECT_EQ(endpoint.headroom(now + 1s, 0), 6) << "as many as the window has";
}

TEST_F(EndpointTest, HeadroomOfABreakerIsNothingAndThenOne) {
    open();
    finish_all(Verdict::nothing);
    EXPECT_EQ(endpoint.headroom(now, 0), 0);
    now = endpoint.breaker().probe_at();
    EXPECT_EQ(endpoint.headroom(now, 0), 1);
    endpoint.sent(now);
    EXPECT_EQ(endpoint.headroom(now, 0), 0);
}

TEST_F(EndpointTest, AnotherUrlStartsAfreshButKeepsWhatIsInFlight) {
    open();
    const int in_flight = endpoint.in_flight();
    EXPECT_EQ(endpoint.renew(), Change::closed);
    EXPECT_EQ(fill(), 16 - in_flight);
    EXPECT_EQ(endpoint.renew(), Change::none);
}

TEST_F(EndpointTest, IsForgottenOnlyWhenNothingWouldBeLost) {
    EXPECT_TRUE(endpoint.is_forgettable(now));
    fill();
    EXPECT_FALSE(endpoint.is_forgettable(now));
    finish_all(Verdict::alive);
    EXPECT_TRUE(endpoint.is_forgettable(now));
    limit(std::nullopt, 1);
    fill();
    finish_all(Verdict::alive);
    EXPECT_FALSE(endpoint.is_forgettable(now)) << "it would have a token too many";
    EXPECT_TRUE(endpoint.is_forgettable(now + 2s));
    endpoint.breaker().restore(now, 20, 1);
    EXPECT_FALSE(endpoint.is_forgettable(now + 2s));
}

TEST(EndpointVerdict, WhoAnswersIsAliveAndWhoSaysTooMuchIsOverloaded) {
    const auto verdict = [](ErrorClass error_class, std::optional<int> status = std::nullopt) {
        TransferResult transfer;
        transfer.error_class = error_class;
        transfer.http_status = status;
        return verdict_of(transfer);
    };
    EXPECT_EQ(verdict(ErrorClass::none, 200), Verdict::alive);
    for (const int status : {301, 400, 401, 403, 404, 409, 410, 422}) {
        EXPECT_EQ(verdict(ErrorClass::http_status, status), Verdict::alive) << status;
    }
    for (const int status : {408, 429, 503, 504}) {
        EXPECT_EQ(verdict(ErrorClass::http_status, status), Verdict::overload) << status;
    }
    for (const int status : {500, 501, 502, 599}) {
        EXPECT_EQ(verdict(ErrorClass::http_status, status), Verdict::fault) << status;
    }
    for (const auto value : {ErrorClass::timeout, ErrorClass::connect_timeout}) {
        EXPECT_EQ(verdict(value), Verdict::overload);
    }
    for (const auto value : {ErrorClass::dns, ErrorClass::connect, ErrorClass::tls, ErrorClass::connection_lost,
                             ErrorClass::invalid_response}) {
        EXPECT_EQ(verdict(value), Verdict::fault);
    }
    for (const auto value : {ErrorClass::lease_expired, ErrorClass::internal}) {
        EXPECT_EQ(verdict(value), Verdict::nothing);
    }
    for (const auto value : {ErrorClass::blocked, ErrorClass::invalid_request}) {
        EXPECT_EQ(verdict(value), Verdict::alive);
    }
    TransferResult unsent;
    unsent.error_class = ErrorClass::connect;
    unsent.never_sent = true;
    EXPECT_EQ(verdict_of(unsent), Verdict::nothing);
}

}  // namespace
}  // namespace moai::worker
