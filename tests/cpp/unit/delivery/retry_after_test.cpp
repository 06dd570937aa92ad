// retry_after: both forms of the header, their edges, and what is neither.
#include "delivery/retry_after.hpp"

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using moai::delivery::kLongestRetryAfter;
using moai::delivery::retry_after;

constexpr std::time_t kNow = 784'111'777;  // Sun, 06 Nov 1994 08:49:37 GMT, the date of RFC 9110

TEST(RetryAfter, IsANumberOfSeconds) {
    EXPECT_EQ(retry_after("0", kNow), 0s);
    EXPECT_EQ(retry_after("5", kNow), 5s);
    EXPECT_EQ(retry_after(" 005\t\r\n", kNow), 5s);
    EXPECT_EQ(retry_after("3600", kNow), kLongestRetryAfter);
}

TEST(RetryAfter, IsADateInEachOfItsThreeForms) {
    EXPECT_EQ(retry_after("Sun, 06 Nov 1994 08:50:37 GMT", kNow), 60s);
    EXPECT_EQ(retry_after("Sunday, 06-Nov-94 08:50:37 GMT", kNow), 60s);
    EXPECT_EQ(retry_after("Sun Nov  6 08:50:37 1994", kNow), 60s);
}

TEST(RetryAfter, InThePastIsNow) {
    EXPECT_EQ(retry_after("Sun, 06 Nov 1994 08:49:37 GMT", kNow), 0s);
    EXPECT_EQ(retry_after("Thu, 01 Jan 1970 00:00:00 GMT", kNow), 0s);
}

TEST(RetryAfter, BeyondAnHourIsAnHour) {
    EXPECT_EQ(retry_after("3601", kNow), kLongestRetryAfter);
    EXPECT_EQ(retry_after("1000000000000000000", kNow), kLongestRetryAfter);
    EXPECT_EQ(retry_after("99999999999999999999999999999999999999", kNow), kLongestRetryAfter);
    EXPECT_EQ(retry_after("Fri, 31 Dec 9999 23:59:59 GMT", kNow), kLongestRetryAfter);
}

TEST(RetryAfter, ThatIsNeitherIsNone) {
    for (const char* value : {"", " ", "soon", "1e18", "-5", "+5", "5.5", "5 seconds", "0x10", "five", "Sun",
                              "Sun, 99 Nov", "1994-11-06T08:50:37Z"}) {
        EXPECT_EQ(retry_after(value, kNow), std::nullopt) << value;
    }
}

}  // namespace
