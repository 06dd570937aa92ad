// How a sentinel lies down and gets up again ("worker/sentinel.hpp").
#include <gtest/gtest.h>

#include <vector>

#include "unit/worker/sentinel_fixture.hpp"

namespace moai::worker {
namespace {

using namespace std::chrono_literals;

struct SentinelSleep : testing::SentinelTest {};

TEST_F(SentinelSleep, InOfficeLooksByItselfAndFallsAsleepWhenThereWasNoWorkForAWhile) {
    begin();
    ASSERT_EQ(next_call(), "await");
    work = 30;
    const auto start = std::chrono::steady_clock::now();
    office.answer(true);
    ASSERT_FALSE(looks.empty());
    EXPECT_EQ(looks.front(), WakeReason::office);
    ASSERT_EQ(next_call(), "sleep");
    EXPECT_GE(std::chrono::steady_clock::now() - start, 29 * options.look_every + options.linger);
    EXPECT_EQ(work, 0U);
    EXPECT_FALSE(sentinel.asleep()) << "until the flag is up";
    office.answer(true);
    EXPECT_TRUE(sentinel.asleep());
    EXPECT_EQ(looks.back(), WakeReason::falling_asleep) << "who was silent has committed now";
}

TEST_F(SentinelSleep, LooksEverMoreRarelyWhileAPublisherKeepsItFromSleeping) {
    begin();
    ASSERT_EQ(next_call(), "await");
    office.answer(true);
    ASSERT_EQ(next_call(), "sleep");
    looks.clear();
    run_for(10 * options.slowest_look);
    EXPECT_GE(looks.size(), 3U);
    EXPECT_LE(looks.size(), 11U);
    EXPECT_EQ(looks.front(), WakeReason::falling_asleep);
    office.answer(false);
    EXPECT_EQ(next_call(), "sleep") << "it asks again at once";
    looks.clear();
    run_for(3 * options.slowest_look);
    EXPECT_LE(looks.size(), 4U) << "and its looks stay rare";
}

TEST_F(SentinelSleep, StaysAwakeWhenWorkCameWhileAPublisherKeptItFromSleeping) {
    begin();
    ASSERT_EQ(next_call(), "await");
    office.answer(true);
    ASSERT_EQ(next_call(), "sleep");
    sentinel.looked(true, false);
    looks.clear();
    office.answer(false);
    EXPECT_EQ(office.calls.size(), 2U) << "who publishes now need not ring";
    EXPECT_EQ(next_call(), "sleep");
    EXPECT_FALSE(looks.empty());
    EXPECT_EQ(looks.front(), WakeReason::linger);
}

TEST_F(SentinelSleep, AsleepLooksAtEachRingAndStaysAsleepForAFew) {
    be_asleep();
    ring(3);
    EXPECT_EQ(looks, std::vector<WakeReason>(3, WakeReason::notify));
    EXPECT_TRUE(sentinel.asleep());
    EXPECT_EQ(office.calls.size(), 2U);
}

TEST_F(SentinelSleep, ManyRingsWakeItUpAndItLooksAtOnceForWhoWasSilentSince) {
    be_asleep();
    ring(4);
    EXPECT_EQ(next_call(), "wake");
    ring(1);
    looks.clear();
    office.done();
    EXPECT_EQ(looks, std::vector<WakeReason>{WakeReason::linger});
    EXPECT_EQ(next_call(), "sleep");
}

TEST_F(SentinelSleep, LingersForLongerWhileItIsWokenSoonAfterItLayDown) {
    be_asleep();
    const auto linger_after_waking = [this] {
        ring(4);
        EXPECT_EQ(next_call(), "wake");
        office.done();
        const auto start = std::chrono::steady_clock::now();
        EXPECT_EQ(next_call(), "sleep");
        office.answer(true);
        return std::chrono::steady_clock::now() - start;
    };
    EXPECT_GE(linger_after_waking(), 2 * options.linger);
    EXPECT_GE(linger_after_waking(), 4 * options.linger);
    EXPECT_GE(linger_after_waking(), options.longest_linger);
    EXPECT_GE(linger_after_waking(), options.longest_linger);
    run_for(2 * options.short_sleep);
    EXPECT_LT(linger_after_waking(), options.longest_linger) << "a long sleep makes up for it";
}

}  // namespace
}  // namespace moai::worker
