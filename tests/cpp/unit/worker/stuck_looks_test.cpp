#include "worker/stuck_looks.hpp"

#include <gtest/gtest.h>

namespace moai::worker {
namespace {

using namespace std::chrono_literals;

TEST(StuckLooks, TheFirstTwoFollowAtOnceTheNextAreEverRarerUpToOneASecond) {
    StuckLooks looks;
    EXPECT_EQ(looks.next_in(7), 0us);
    EXPECT_EQ(looks.next_in(7), 0us);
    const auto first = looks.next_in(7);
    EXPECT_GE(first, 1ms);
    EXPECT_LE(first, 2ms);
    std::chrono::microseconds last{0};
    for (int i = 0; i < 20; ++i) {
        last = looks.next_in(7);
    }
    EXPECT_GE(last, 500ms);
    EXPECT_LE(last, 1s);
}

TEST(StuckLooks, AsLongAsTheEarliestDueTimeMovesTheyFollowAtOnce) {
    StuckLooks looks;
    for (std::int64_t due_at_us = 1; due_at_us <= 100; ++due_at_us) {
        EXPECT_EQ(looks.next_in(due_at_us), 0us);
    }
}

TEST(StuckLooks, BeginAnewWhenSomethingCame) {
    StuckLooks looks;
    for (int i = 0; i < 20; ++i) {
        static_cast<void>(looks.next_in(7));
    }
    looks.reset();
    EXPECT_EQ(looks.next_in(7), 0us);
    EXPECT_EQ(looks.next_in(7), 0us);
    EXPECT_LE(looks.next_in(7), 2ms);
}

}  // namespace
}  // namespace moai::worker
