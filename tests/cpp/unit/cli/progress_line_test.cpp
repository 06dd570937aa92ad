// What the line says at the beginning, on the way and at the end.
#include "cli/progress_line.hpp"

#include <gtest/gtest.h>

namespace moai::cli {
namespace {

using namespace std::chrono_literals;

TEST(ProgressLine, ShowsPartCountRateAndTimeLeft) {
    EXPECT_EQ(progress_line({.done_bytes = 42, .all_bytes = 100, .lines = 420'000, .elapsed = 42s}),
              "[########            ]  42 %  420000 lines  10000/s  0:58 left");
    EXPECT_EQ(progress_line({.done_bytes = 1, .all_bytes = 10'000, .lines = 10, .elapsed = 1s}),
              "[                    ]   0 %  10 lines  10/s  2:46:39 left");
    EXPECT_EQ(progress_line({.done_bytes = 100, .all_bytes = 100, .lines = 7, .elapsed = 2s}),
              "[####################] 100 %  7 lines  4/s  0:00 left");
}

TEST(ProgressLine, LeavesOutWhatAPipeDoesNotSay) {
    EXPECT_EQ(progress_line({.done_bytes = 42, .all_bytes = {}, .lines = 300, .elapsed = 3s}), "300 lines  100/s");
}

TEST(ProgressLine, HoldsAtTheEdges) {
    EXPECT_EQ(progress_line({.done_bytes = 0, .all_bytes = 0}), "[####################] 100 %  0 lines  0/s");
    EXPECT_EQ(progress_line({.done_bytes = 0, .all_bytes = 9}), "[                    ]   0 %  0 lines  0/s");
    // The file has grown meanwhile.
    EXPECT_EQ(progress_line({.done_bytes = 9, .all_bytes = 3, .lines = 9, .elapsed = 1s}),
              "[####################] 100 %  9 lines  9/s  0:00 left");
    EXPECT_LE(
        progress_line({.done_bytes = 1, .all_bytes = 1'000'000'000, .lines = 4'000'000'000, .elapsed = 9999h}).size(),
        79U);
}

}  // namespace
}  // namespace moai::cli
