// SlotWait: the promises of src/worker/slot_wait.hpp, one test each.
#include "worker/slot_wait.hpp"

#include <gtest/gtest.h>

namespace moai::worker {
namespace {

using namespace std::chrono_literals;

constexpr SlotWait::SteadyTime kStart{1h};

struct SlotWaitTest : ::testing::Test {
    SlotWait wait{{.between_ends = 5ms, .longest = 20ms}};
    SlotWaitTest() { wait.progressed(kStart); }
};

TEST_F(SlotWaitTest, LastsWhileRequestsEnd) {
    EXPECT_EQ(wait.until(kStart), kStart + 5ms);
    wait.progressed(kStart + 4ms);
    EXPECT_EQ(wait.until(kStart + 5ms), kStart + 9ms);
    EXPECT_EQ(wait.until(kStart + 9ms), std::nullopt) << "none ended for as long";
}

TEST_F(SlotWaitTest, EndsThoughRequestsGoOnEnding) {
    for (auto now = kStart; now < kStart + 20ms; now += 1ms) {
        wait.progressed(now);
        EXPECT_EQ(wait.until(now), std::min(now + 5ms, kStart + 20ms));
    }
    wait.progressed(kStart + 20ms);
    EXPECT_EQ(wait.until(kStart + 20ms), std::nullopt);
}

TEST_F(SlotWaitTest, BeginsAnewForTheNextClaim) {
    EXPECT_TRUE(wait.until(kStart));
    wait.ended();
    wait.progressed(kStart + 1min);
    EXPECT_EQ(wait.until(kStart + 1min), kStart + 1min + 5ms);
}

}  // namespace
}  // namespace moai::worker
