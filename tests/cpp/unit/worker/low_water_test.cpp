#include "worker/low_water.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>

namespace {

using namespace std::chrono_literals;
using moai::worker::LowWater;
using std::optional;

constexpr std::int64_t kClaimedAtUs = 1'700'000'000'000'000;

struct LowWaterTest : ::testing::Test {
    LowWater low_water{LowWater::Options{}};
    LowWater::SteadyTime now{1h};

    /// A claim that took so long, and left off at its own time.
    optional<std::int64_t> claim(std::chrono::milliseconds took, std::size_t rows = 0) {
        const auto since = low_water.since_us(now);
        low_water.claimed(since, kClaimedAtUs, rows, now, now + took);
        now += took;
        return since;
    }
    void become_dear(std::chrono::milliseconds took) {
        claim(took);
        claim(took);
    }
};

TEST_F(LowWaterTest, ClaimsThatAreCheapLookAtEverything) {
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(claim(10ms), std::nullopt);
    }
    EXPECT_EQ(low_water.mark_us(), std::nullopt);
    EXPECT_EQ(low_water.sweep_owed(), std::nullopt);
}

TEST_F(LowWaterTest, AfterTwoDearOnesTheNextBeginsAMarginBeforeTheLast) {
    EXPECT_EQ(claim(11ms), std::nullopt);
    EXPECT_EQ(claim(11ms), std::nullopt) << "one may have met a busy moment";
    EXPECT_EQ(claim(1ms), kClaimedAtUs - 1'000'000);
    EXPECT_EQ(low_water.mark_us(), kClaimedAtUs - 1'000'000);
}

TEST_F(LowWaterTest, OneDearAmongCheapOnesChangesNothing) {
    claim(1ms);
    claim(500ms);
    EXPECT_EQ(claim(1ms), std::nullopt);
    EXPECT_EQ(claim(500ms), std::nullopt);
    EXPECT_EQ(claim(1ms), std::nullopt);
}

TEST_F(LowWaterTest, ManyRowsMayTakeLong) {
    claim(60ms, 500);
    claim(60ms, 500);
    EXPECT_EQ(claim(61ms, 500), std::nullopt);
    EXPECT_EQ(claim(61ms, 500), std::nullopt);
    EXPECT_NE(claim(1ms), std::nullopt);
}

TEST_F(LowWaterTest, ASweepIsOwedOnceAnotherClaimDidNotLookAtEverything) {
    become_dear(20ms);
    EXPECT_EQ(low_water.sweep_owed(), std::nullopt);
    const auto swept = now;
    claim(1ms);
    EXPECT_EQ(low_water.sweep_owed(), swept + 49 * 20ms);
}

TEST_F(LowWaterTest, SweepsTakeOneFiftiethOfTheTime) {
    become_dear(20ms);
    const auto swept = now;
    now = swept + 49 * 20ms - 1ms;
    EXPECT_NE(claim(1ms), std::nullopt);
    EXPECT_EQ(claim(20ms), std::nullopt);
    EXPECT_EQ(low_water.sweep_owed(), std::nullopt);
    EXPECT_NE(claim(1ms), std::nullopt) << "and then begins anew";
}

TEST_F(LowWaterTest, NoneIsPutOffForLongerThanTheLongestRest) {
    become_dear(5s);
    const auto swept = now;
    claim(1ms);
    EXPECT_EQ(low_water.sweep_owed(), swept + 30s);
}

TEST_F(LowWaterTest, OneCheapSweepEndsIt) {
    become_dear(20ms);
    now += 2s;
    EXPECT_EQ(claim(9ms), std::nullopt);
    EXPECT_EQ(claim(9ms), std::nullopt);
    EXPECT_EQ(low_water.mark_us(), std::nullopt);
}

TEST_F(LowWaterTest, TheMarkFollowsTheOldestThatCameBackToo) {
    become_dear(20ms);
    low_water.claimed(kClaimedAtUs, kClaimedAtUs + 5, 1, now, now + 1ms);
    EXPECT_EQ(low_water.mark_us(), kClaimedAtUs - 999'995);
    low_water.claimed(std::nullopt, kClaimedAtUs - 60'000'000, 50, now, now + 100ms);
    EXPECT_EQ(low_water.mark_us(), kClaimedAtUs - 61'000'000) << "a sweep found what had committed late";
}

TEST_F(LowWaterTest, ASweepThatWasCancelledIsNotRepeatedAtOnce) {
    claim(1ms);
    low_water.cancelled(std::nullopt, now);
    EXPECT_EQ(low_water.since_us(now), kClaimedAtUs - 1'000'000);
    EXPECT_EQ(low_water.sweep_owed(), now + 30s);
    now += 30s;
    EXPECT_EQ(low_water.since_us(now), std::nullopt);
}

TEST_F(LowWaterTest, WithoutAMarkThereIsNothingElseThanASweep) {
    low_water.cancelled(std::nullopt, now);
    EXPECT_EQ(low_water.since_us(now), std::nullopt);
    EXPECT_EQ(low_water.sweep_owed(), std::nullopt);
}

TEST_F(LowWaterTest, AnotherServerIsLookedAtAnew) {
    become_dear(20ms);
    claim(1ms);
    low_water.forget();
    EXPECT_EQ(low_water.since_us(now), std::nullopt);
    EXPECT_EQ(low_water.mark_us(), std::nullopt);
    EXPECT_EQ(low_water.sweep_owed(), std::nullopt);
}

}  // namespace
