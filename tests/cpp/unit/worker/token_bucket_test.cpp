#include "worker/token_bucket.hpp"

#include <gtest/gtest.h>

namespace moai::worker {
namespace {

using namespace std::chrono_literals;
using SteadyTime = TokenBucket::SteadyTime;

const SteadyTime kStart{1000h};

/// Takes whenever it may, asking at next_token_at(), for so long.
int taken_over(TokenBucket& bucket, std::chrono::nanoseconds time) {
    int taken = 0;
    for (SteadyTime now = kStart; now < kStart + time; now = bucket.next_token_at(now)) {
        while (bucket.has_token(now)) {
            bucket.take(now);
            ++taken;
        }
    }
    return taken;
}

TEST(TokenBucket, StartsWithASecondsWorth) {
    TokenBucket bucket(3, kStart);
    EXPECT_EQ(taken_over(bucket, 1ns), 3);
}

TEST(TokenBucket, StartsWithOneHoweverSlowItIs) {
    TokenBucket bucket(0.1, kStart);
    bucket.take(kStart);
    EXPECT_FALSE(bucket.has_token(kStart + 9'999ms));
    EXPECT_TRUE(bucket.has_token(kStart + 10'001ms));
}

TEST(TokenBucket, HoldsItsRateOverTime) {
    for (const double rate : {0.5, 1.0, 7.0, 333.3, 100'000.0}) {
        TokenBucket bucket(rate, kStart);
        const double burst = std::max(rate, 1.0);
        const int taken = taken_over(bucket, 20s);
        EXPECT_LE(taken, burst + rate * 20) << rate;
        EXPECT_GE(taken, (burst + rate * 20) * 0.98 - 1) << rate;
    }
}

TEST(TokenBucket, NeverSavesUpMoreThanASecondsWorth) {
    TokenBucket bucket(5, kStart);
    EXPECT_DOUBLE_EQ(bucket.tokens_at(kStart + 24h), 5);
    bucket.take(kStart + 24h);
    EXPECT_DOUBLE_EQ(bucket.tokens_at(kStart + 24h), 4);
    EXPECT_FALSE(bucket.is_full(kStart + 24h));
    EXPECT_TRUE(bucket.is_full(kStart + 25h));
}

TEST(TokenBucket, HasATokenWhenItSaysSoAndNotBefore) {
    for (const double rate : {0.001, 0.3, 9.0, 12'345.6}) {
        TokenBucket bucket(rate, kStart);
        while (bucket.has_token(kStart)) {
            bucket.take(kStart);
        }
        const auto at = bucket.next_token_at(kStart);
        EXPECT_TRUE(bucket.has_token(at)) << rate;
        EXPECT_FALSE(bucket.has_token(at - 2us)) << rate;
        EXPECT_EQ(bucket.next_token_at(at), at) << rate;
    }
}

TEST(TokenBucket, ANewRateKeepsWhatItCanHold) {
    TokenBucket bucket(10, kStart);
    bucket.set_rate(4, kStart);
    EXPECT_DOUBLE_EQ(bucket.tokens_at(kStart), 4);
    bucket.set_rate(100, kStart);
    EXPECT_DOUBLE_EQ(bucket.tokens_at(kStart), 4) << "a change makes no tokens";
    EXPECT_DOUBLE_EQ(bucket.tokens_at(kStart + 100ms), 14);
}

TEST(TokenBucket, AClockThatStandsStillGivesNothing) {
    TokenBucket bucket(1, kStart);
    bucket.take(kStart + 1s);
    EXPECT_DOUBLE_EQ(bucket.tokens_at(kStart), 0) << "nor does one that went back";
}

}  // namespace
}  // namespace moai::worker
