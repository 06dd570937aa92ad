// host_policy: the promises of src/http/host_policy.hpp, one test each.
#include "http/host_policy.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace moai::http {
namespace {

TEST(HostPolicy, AcceptsLoopbackOnAnyPort) {
    const HostPolicy policy("127.0.0.1", {});
    for (const char* host : {"localhost", "LocalHost", "localhost:1", "localhost:", "127.0.0.1", "127.255.0.9:80",
                             "[::1]", "[0:0::1]:99"}) {
        EXPECT_TRUE(policy.accepts(host)) << host;
    }
}

TEST(HostPolicy, RefusesEverythingElse) {
    const HostPolicy policy("127.0.0.1", {});
    for (const char* host : {"example.org",
                             "localhost.example.org",
                             "localhost.",
                             "127.0.0.1.example.org",
                             "128.0.0.1",
                             "127.1",
                             "0x7f000001",
                             "2130706433",
                             "127.0.0.1@example.org",
                             "localhost:80@example.org",
                             "localhost:80:80",
                             "localhost:x",
                             "localhost:123456",
                             "::1",
                             "[::1",
                             "[::2]",
                             "[::1]x",
                             "[localhost]",
                             "[::ffff:127.0.0.1]",
                             "",
                             ":80",
                             "localhost,example.org",
                             "local host",
                             "0.0.0.0"}) {
        EXPECT_FALSE(policy.accepts(host)) << host;
    }
}

TEST(HostPolicy, AcceptsTheBoundAddress) {
    EXPECT_TRUE(HostPolicy("192.0.2.7", {}).accepts("192.0.2.7:3000"));
    EXPECT_TRUE(HostPolicy("2001:db8::7", {}).accepts("[2001:DB8:0::7]:3000"));
    EXPECT_TRUE(HostPolicy("Moai.internal", {}).accepts("moai.INTERNAL"));
}

TEST(HostPolicy, AcceptsAllowedHostsWithTheirPortIfOneIsNamed) {
    const HostPolicy policy("127.0.0.1", {"Any.example", "one.example:8443", "[2001:DB8:0:0::1]", "[2001:db8::2]:8443",
                                          "2001:db8::3", "192.0.2.7:8443"});
    EXPECT_TRUE(policy.accepts("any.example"));
    EXPECT_TRUE(policy.accepts("any.example:1"));
    EXPECT_TRUE(policy.accepts("one.example:8443"));
    EXPECT_TRUE(policy.accepts("[2001:db8::1]:80"));
    EXPECT_TRUE(policy.accepts("[2001:db8:0::1]"));
    EXPECT_TRUE(policy.accepts("[2001:db8:0::2]:8443"));
    EXPECT_TRUE(policy.accepts("[2001:db8::3]:80"));
    EXPECT_TRUE(policy.accepts("192.0.2.7:8443"));
    EXPECT_FALSE(policy.accepts("[2001:db8::2]"));
    EXPECT_FALSE(policy.accepts("[2001:db8::2]:80"));
    EXPECT_FALSE(policy.accepts("[2001:db8::4]"));
    EXPECT_FALSE(policy.accepts("2001:db8::1"));
    EXPECT_FALSE(policy.accepts("192.0.2.7"));
    EXPECT_FALSE(policy.accepts("one.example"));
    EXPECT_FALSE(policy.accepts("one.example:80"));
    EXPECT_FALSE(policy.accepts("x.any.example"));
}

TEST(HostPolicy, RefusesToBeToldOfHostsThatItCouldNotMatch) {
    for (const char* host : {"", "http://a.example", "a.example:x", "a.example:65536", "[a.example]", "[::1", ":80"}) {
        EXPECT_THROW(HostPolicy("127.0.0.1", {host}), std::invalid_argument) << host;
    }
}

}  // namespace
}  // namespace moai::http
