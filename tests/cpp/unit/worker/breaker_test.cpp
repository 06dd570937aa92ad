#include "worker/breaker.hpp"

#include <gtest/gtest.h>

namespace moai::worker {
namespace {

using namespace std::chrono_literals;
using State = Breaker::State;
using Change = Breaker::Change;

struct BreakerTest : ::testing::Test {
    Breaker breaker{Breaker::Options{}};
    Breaker::SteadyTime now{1000h};

    Change succeed() { return breaker.succeeded(breaker.sent(now)); }
    Change fail(double share = 0) { return breaker.failed(breaker.sent(now), now, share); }
    Change ask_for(std::chrono::seconds rest) { return breaker.failed(breaker.sent(now), now, 0, now + rest); }
    void open() {
        for (int i = 0; i < 20; ++i) {
            fail();
        }
        ASSERT_EQ(breaker.state(now), State::open);
    }
    void wait_for_probe() { now = breaker.probe_at(); }
};

TEST_F(BreakerTest, OpensAfterTwentyFaultsInARow) {
    for (int i = 1; i < 20; ++i) {
        EXPECT_EQ(fail(), Change::none);
    }
    EXPECT_TRUE(breaker.admits(now));
    EXPECT_EQ(fail(), Change::opened);
    EXPECT_FALSE(breaker.admits(now));
    EXPECT_EQ(breaker.consecutive_faults(), 20);
}

TEST_F(BreakerTest, OneAnswerAmongTwentyKeepsItClosed) {
    for (int i = 0; i < 200; ++i) {
        EXPECT_EQ(i % 20 == 19 ? succeed() : fail(), Change::none);
    }
    EXPECT_EQ(breaker.state(now), State::closed);
}

TEST_F(BreakerTest, IsOpenForFiveSecondsToTheNanosecond) {
    open();
    EXPECT_EQ(breaker.probe_at() - now, 5s);
    now += 5s - 1ns;
    EXPECT_EQ(breaker.state(now), State::open);
    EXPECT_FALSE(breaker.admits(now));
    now += 1ns;
    EXPECT_EQ(breaker.state(now), State::half_open);
    EXPECT_TRUE(breaker.admits(now));
}

TEST_F(BreakerTest, JitterAddsUpToATenth) {
    for (int i = 1; i < 20; ++i) {
        fail();
    }
    fail(1);
    EXPECT_EQ(breaker.probe_at() - now, 5500ms);
}

TEST_F(BreakerTest, HalfOpenItAdmitsOneProbe) {
    open();
    wait_for_probe();
    breaker.sent(now);
    EXPECT_FALSE(breaker.admits(now));
    EXPECT_FALSE(breaker.admits(now + 1h)) << "however long its answer takes";
}

TEST_F(BreakerTest, EachProbeThatFailsDoublesTheWaitToFiveMinutes) {
    open();
    for (const auto expected : {10s, 20s, 40s, 80s, 160s, 300s, 300s}) {
        wait_for_probe();
        EXPECT_EQ(fail(), Change::opened);
        EXPECT_EQ(breaker.probe_at() - now, expected);
    }
    for (int i = 0; i < 1000; ++i) {
        wait_for_probe();
        fail();
    }
    EXPECT_EQ(breaker.probe_at() - now, 300s);
}

TEST_F(BreakerTest, AProbeThatIsAnsweredClosesIt) {
    open();
    wait_for_probe();
    EXPECT_EQ(succeed(), Change::closed);
    EXPECT_EQ(breaker.state(now), State::closed);
    EXPECT_EQ(breaker.consecutive_faults(), 0);
}

TEST_F(BreakerTest, ShortlyAfterItClosedThreeFaultsOpenItAgainForLonger) {
    open();
    wait_for_probe();
    succeed();
    succeed();
    EXPECT_EQ(fail(), Change::none);
    EXPECT_EQ(fail(), Change::none);
    EXPECT_EQ(fail(), Change::opened);
    EXPECT_EQ(breaker.probe_at() - now, 10s);
}

TEST_F(BreakerTest, TwentyAnswersLaterAllIsForgotten) {
    open();
    wait_for_probe();
    succeed();
    for (int i = 0; i < 20; ++i) {
        EXPECT_FALSE(breaker.is_spotless());
        succeed();
    }
    EXPECT_TRUE(breaker.is_spotless());
    open();
    EXPECT_EQ(breaker.probe_at() - now, 5s);
}

TEST_F(BreakerTest, ResultsFromBeforeItOpenedAreNotCounted) {
    const auto late = breaker.sent(now);
    open();
    const auto until = breaker.probe_at();
    EXPECT_EQ(breaker.succeeded(late), Change::none);
    EXPECT_EQ(breaker.failed(late, now, 0), Change::none);
    EXPECT_EQ(breaker.probe_at(), until);
    wait_for_probe();
    breaker.sent(now);
    EXPECT_EQ(breaker.succeeded(late), Change::none) << "it is not the probe's";
    EXPECT_FALSE(breaker.admits(now));
}

TEST_F(BreakerTest, AVoidProbeIsRepeatedAfterFiveSeconds) {
    open();
    wait_for_probe();
    fail();
    wait_for_probe();
    breaker.was_void(breaker.sent(now), now);
    EXPECT_EQ(breaker.state(now), State::open);
    EXPECT_EQ(breaker.probe_at() - now, 5s) << "it told nothing against the endpoint";
    EXPECT_EQ(breaker.times_opened(), 2);
    wait_for_probe();
    EXPECT_EQ(succeed(), Change::closed);
}

TEST_F(BreakerTest, AVoidResultLeavesAClosedOneAsItIs) {
    fail();
    breaker.was_void(breaker.sent(now), now);
    EXPECT_EQ(breaker.state(now), State::closed);
    EXPECT_EQ(breaker.consecutive_faults(), 1);
}

TEST_F(BreakerTest, IsRestoredAsItWas) {
    breaker.restore(now + 7s, 23, 4);
    EXPECT_EQ(breaker.state(now), State::open);
    EXPECT_EQ(breaker.consecutive_faults(), 23);
    now += 7s;
    EXPECT_EQ(breaker.state(now), State::half_open);
    fail();
    EXPECT_EQ(breaker.probe_at() - now, 80s) << "its fifth opening";
}

TEST_F(BreakerTest, AnotherEndpointHasACleanRecord) {
    EXPECT_EQ(breaker.reset(), Change::none);
    open();
    const auto old = breaker.sent(now);
    EXPECT_EQ(breaker.reset(), Change::closed);
    EXPECT_TRUE(breaker.is_spotless());
    EXPECT_EQ(breaker.failed(old, now, 0), Change::none);
    EXPECT_TRUE(breaker.is_spotless());
}

TEST_F(BreakerTest, OpensAtOnceForAnEndpointThatAsksToBeLeftAlone) {
    EXPECT_EQ(ask_for(60s), Change::opened);
    EXPECT_EQ(breaker.probe_at() - now, 60s) << "without jitter: it said when";
    EXPECT_EQ(breaker.consecutive_faults(), 1);
    EXPECT_EQ(breaker.times_opened(), 0);
    wait_for_probe();
    EXPECT_EQ(succeed(), Change::closed);
    EXPECT_TRUE(breaker.is_spotless()) << "nothing is held against it";
}

TEST_F(BreakerTest, StaysClosedForAnEndpointThatAsksForNoTime) { EXPECT_EQ(ask_for(0s), Change::none); }

TEST_F(BreakerTest, AProbeThatIsAskedToWaitOpensItForTheLongerOfBothTimes) {
    open();
    wait_for_probe();
    EXPECT_EQ(ask_for(1s), Change::opened);
    EXPECT_EQ(breaker.probe_at() - now, 10s) << "its second opening";
    wait_for_probe();
    EXPECT_EQ(ask_for(3600s), Change::opened);
    EXPECT_EQ(breaker.probe_at() - now, 3600s);
}

TEST_F(BreakerTest, OfRequestsThatWereUnderWayTogetherTheLongestRestCounts) {
    const auto under_way = breaker.sent(now);
    ask_for(60s);
    EXPECT_EQ(breaker.failed(under_way, now, 0, now + 1s), Change::none);
    EXPECT_EQ(breaker.failed(under_way, now, 0, now + 61s), Change::none) << "the same wish, some time later";
    EXPECT_EQ(breaker.probe_at() - now, 60s);
    EXPECT_EQ(breaker.failed(under_way, now, 0, now + 90s), Change::opened);
    EXPECT_EQ(breaker.probe_at() - now, 90s);
    breaker.reset();
    EXPECT_EQ(breaker.failed(under_way, now, 0, now + 200s), Change::none) << "another endpoint did not ask";
}

TEST_F(BreakerTest, AskingAgainAndAgainCountsAsAnOpeningOnlyAfterTwentyInARow) {
    for (int i = 1; i < 20; ++i) {
        EXPECT_EQ(ask_for(1s), Change::opened);
        EXPECT_EQ(breaker.probe_at() - now, 1s) << i;
        EXPECT_EQ(breaker.times_opened(), 0);
        wait_for_probe();
    }
    EXPECT_EQ(ask_for(1s), Change::opened);
    EXPECT_EQ(breaker.probe_at() - now, 5s) << "it does nothing but refuse";
}

TEST_F(BreakerTest, AFailureAfterAnOpeningThatWasAskedForIsTheFirst) {
    ask_for(60s);
    wait_for_probe();
    EXPECT_EQ(fail(), Change::opened);
    EXPECT_EQ(breaker.times_opened(), 1);
    EXPECT_EQ(breaker.probe_at() - now, 5s);
}

}  // namespace
}  // namespace moai::worker
