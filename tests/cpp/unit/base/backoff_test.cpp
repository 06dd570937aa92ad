// Backoff: its range, its cap and its spread.
#include "base/backoff.hpp"

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>

namespace {

using moai::base::Backoff;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Backoff, StaysBetweenHalfTheStepAndTheStepWhichDoublesUpToTheCap) {
    for (std::uint64_t seed = 0; seed < 1000; ++seed) {
        Backoff backoff(milliseconds(100), seconds(1), seed);
        for (const microseconds step : {milliseconds(100), milliseconds(200), milliseconds(400), milliseconds(800),
                                        milliseconds(1000), milliseconds(1000)}) {
            const auto delay = backoff.next();
            ASSERT_GE(delay, step / 2) << "seed " << seed;
            ASSERT_LE(delay, step) << "seed " << seed;
        }
    }
}

TEST(Backoff, StartsAgainFromTheFirstDelayAfterReset) {
    Backoff backoff(milliseconds(100), seconds(10), 7);
    for (int i = 0; i < 20; ++i) {
        (void)backoff.next();
    }
    backoff.reset();
    EXPECT_LE(backoff.next(), milliseconds(100));
}

TEST(Backoff, SpreadsPartiesThatFailedTogether) {
    std::set<microseconds> delays;
    for (int party = 0; party < 100; ++party) {
        delays.insert(Backoff(seconds(1), seconds(10)).next());
    }
    EXPECT_GT(delays.size(), 95U);
}

TEST(Backoff, DoesNotOverflowAtTheLongestCap) {
    Backoff backoff(microseconds(1), microseconds::max(), 3);
    for (int i = 0; i < 200; ++i) {
        ASSERT_GT(backoff.next(), microseconds(0));
    }
}

TEST(Backoff, RefusesDelaysThatAreNotAboveZeroOrExceedTheCap) {
    EXPECT_THROW(Backoff(microseconds(0), seconds(1), 1), std::invalid_argument);
    EXPECT_THROW(Backoff(seconds(-1), seconds(1), 1), std::invalid_argument);
    EXPECT_THROW(Backoff(seconds(2), seconds(1), 1), std::invalid_argument);
}

}  // namespace
