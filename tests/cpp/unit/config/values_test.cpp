// The grammar of option values.
#include "config/values.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace moai::config {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ListenAddress, TakesAddressesAndLocalhost) {
    EXPECT_EQ(parse_listen_address("127.0.0.1:3000").text(), "127.0.0.1:3000");
    EXPECT_EQ(parse_listen_address("[::1]:0").text(), "[::1]:0");
    EXPECT_EQ(parse_listen_address("localhost:65535").port, 65535);
}

TEST(ListenAddress, RefusesWhatIsNotHostAndPort) {
    for (const char* bad :
         {"", "3000", ":3000", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:1x", "::1:3000",
          "[127.0.0.1]:1", "example.com:80", "127.0.0.1 :80", "[::1]3000", "[]:80", "127.0.0.1:123456"}) {
        EXPECT_THROW(static_cast<void>(parse_listen_address(bad)), BadValue) << bad;
    }
}

TEST(ListenAddress, KnowsWhatStaysOnThisMachine) {
    EXPECT_TRUE(parse_listen_address("127.9.9.9:1").loopback());
    EXPECT_TRUE(parse_listen_address("[::1]:1").loopback());
    EXPECT_TRUE(parse_listen_address("localhost:1").loopback());
    EXPECT_FALSE(parse_listen_address("0.0.0.0:1").loopback());
    EXPECT_FALSE(parse_listen_address("[::]:1").loopback());
    EXPECT_FALSE(parse_listen_address("[::ffff:127.0.0.1]:1").loopback());
}

TEST(Duration, NeedsAUnit) {
    EXPECT_EQ(parse_duration("25s", milliseconds(0), hours(1)), seconds(25));
    EXPECT_EQ(parse_duration("1500ms", milliseconds(0), hours(1)), milliseconds(1500));
    EXPECT_EQ(parse_duration("2m", milliseconds(0), hours(1)), seconds(120));
    EXPECT_EQ(parse_duration("1h", milliseconds(0), hours(1)), hours(1));
    for (const char* bad :
         {"", "25", "s", "-1s", "1.5s", "25 s", "2h", "61m", "9223372036854775807h", "99999999999999999999s"}) {
        EXPECT_THROW(static_cast<void>(parse_duration(bad, milliseconds(0), hours(1))), BadValue) << bad;
    }
}

TEST(Duration, SaysWhatIsAllowed) {
    try {
        static_cast<void>(parse_duration("0s", seconds(1), hours(1)));
        FAIL();
    } catch (const BadValue& bad) {
        EXPECT_THAT(bad.what(), HasSubstr("from 1s to 1h"));
    }
}

TEST(Count, StaysInItsRange) {
    EXPECT_EQ(parse_count("1", 1, 256), 1U);
    EXPECT_EQ(parse_count("256", 1, 256), 256U);
    for (const char* bad : {"0", "257", "-1", "", "1e2", "0x10", " 5", "18446744073709551616"}) {
        EXPECT_THROW(static_cast<void>(parse_count(bad, 1, 256)), BadValue) << bad;
    }
}

TEST(Switch, TakesTheUsualWords) {
    EXPECT_TRUE(parse_switch("on"));
    EXPECT_FALSE(parse_switch("0"));
    EXPECT_THROW(static_cast<void>(parse_switch("maybe")), BadValue);
}

TEST(List, IsSplitAtCommasAndTrimmed) {
    EXPECT_THAT(parse_list("a, b.*,c"), ElementsAre("a", "b.*", "c"));
    EXPECT_THROW(static_cast<void>(parse_list("a,,b")), BadValue);
    EXPECT_THROW(static_cast<void>(parse_list("")), BadValue);
}

TEST(Destination, IsANetworkOrAHostWithPortsOrWithout) {
    EXPECT_EQ(parse_destination("10.0.0.0/8").text(), "10.0.0.0/8");
    EXPECT_EQ(parse_destination("::1").text(), "::1/128");
    EXPECT_EQ(parse_destination(".Corp.example:8000-8999").text(), ".corp.example:8000-8999");
    for (const char* bad : {"", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/8/9", "*", "localhost:http"}) {
        EXPECT_THROW(static_cast<void>(parse_destination(bad)), BadValue) << bad;
    }
}

TEST(HostName, IsLowerCasedAndMayHaveAPort) {
    EXPECT_EQ(parse_host_name("Api.Example"), "api.example");
    EXPECT_EQ(parse_host_name("Api.Example:8443"), "api.example:8443");
    EXPECT_EQ(parse_host_name("::1"), "::1");
    EXPECT_EQ(parse_host_name("[2001:DB8::1]"), "[2001:db8::1]");
    EXPECT_EQ(parse_host_name("[2001:db8::1]:80"), "[2001:db8::1]:80");
    for (const char* bad : {"", "http://x", "a b", "x/", "x:", "x:y", "x:65536", ":80", "[x]", "[::1", "[::1]80", "[]",
                            "[::1]:", "::1:x"}) {
        EXPECT_THROW(static_cast<void>(parse_host_name(bad)), BadValue) << bad;
    }
}

}  // namespace
}  // namespace moai::config
