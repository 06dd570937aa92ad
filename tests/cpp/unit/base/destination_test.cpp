// Destination: its grammar to the edges, and what each form contains.
#include "base/destination.hpp"

#include <gtest/gtest.h>

namespace moai::base {
namespace {

IpAddress address(const std::string& text) { return IpAddress::parse(text).value(); }

bool contains(std::string_view destination, std::string_view host, const std::string& ip, std::uint16_t port = 443) {
    return Destination::parse(destination).value().contains(host, address(ip), port);
}

TEST(Destination, ANetworkContainsItsAddressesWhateverTheirName) {
    EXPECT_TRUE(contains("10.0.0.0/8", "hooks.example.org", "10.1.2.3"));
    EXPECT_TRUE(contains("10.0.0.0/8", "10.1.2.3", "10.1.2.3"));
    EXPECT_FALSE(contains("10.0.0.0/8", "hooks.example.org", "11.0.0.0"));
    EXPECT_TRUE(contains("fd00::/8", "", "fd12::1"));
    EXPECT_TRUE(contains("[fd00::/8]", "", "fd12::1"));
}

TEST(Destination, AHostContainsItselfWhateverItsAddress) {
    EXPECT_TRUE(contains("hooks.example.org", "hooks.example.org", "10.1.2.3"));
    EXPECT_TRUE(contains("Hooks.Example.ORG", "hooks.example.org", "fd12::1"));
    EXPECT_TRUE(contains("hooks.example.org", "hooks.example.org.", "10.1.2.3")) << "the same name, absolute";
    EXPECT_FALSE(contains("hooks.example.org", "a.hooks.example.org", "10.1.2.3"));
    EXPECT_FALSE(contains("hooks.example.org", "example.org", "10.1.2.3"));
    EXPECT_FALSE(contains("hooks.example.org", "", "10.1.2.3"));
}

TEST(Destination, ADotBeforeAHostMeansAllBelowItToo) {
    EXPECT_TRUE(contains(".example.org", "example.org", "10.1.2.3"));
    EXPECT_TRUE(contains(".example.org", "a.b.example.org", "10.1.2.3"));
    EXPECT_TRUE(contains(".example.org", "a.example.org.", "10.1.2.3"));
    EXPECT_FALSE(contains(".example.org", "badexample.org", "10.1.2.3"));
}

TEST(Destination, PortsLimitIt) {
    EXPECT_TRUE(contains("10.0.0.0/8", "", "10.0.0.1", 0));
    EXPECT_TRUE(contains("10.0.0.0/8", "", "10.0.0.1", 65535));
    EXPECT_TRUE(contains("10.0.0.1:8443", "", "10.0.0.1", 8443));
    EXPECT_FALSE(contains("10.0.0.1:8443", "", "10.0.0.1", 8442));
    for (const std::uint16_t port : {8000, 8999}) {
        EXPECT_TRUE(contains("[fd00::/8]:8000-8999", "", "fd00::1", port));
        EXPECT_TRUE(contains(".internal:8000-8999", "a.internal", "fd00::1", port));
    }
    for (const std::uint16_t port : {7999, 9000}) {
        EXPECT_FALSE(contains("[fd00::/8]:8000-8999", "", "fd00::1", port));
        EXPECT_FALSE(contains(".internal:8000-8999", "a.internal", "fd00::1", port));
    }
}

TEST(Destination, IsShownAsItIsGiven) {
    for (const char* text : {"10.0.0.0/8", "10.0.0.0/8:443", "fd00::/8", "[fd00::/8]:8000-8999", "localhost",
                             "a_b-c.example.org:1-65535", ".example.org:65535"}) {
        EXPECT_EQ(Destination::parse(text).value().text(), text);
    }
    EXPECT_EQ(Destination::parse("192.0.2.1:80-80").value().text(), "192.0.2.1/32:80");
}

TEST(Destination, AnythingElseIsRefused) {
    const std::string long_label = std::string(250, 'a') + ".org";
    for (const std::string& text : std::vector<std::string>{"",
                                                            ".",
                                                            "..",
                                                            "*",
                                                            "*.example.org",
                                                            "a..b",
                                                            "example.org.",
                                                            "-",
                                                            "10.0.0.300",
                                                            "10.0.0.0/33",
                                                            "10.0.0.1/8",
                                                            "0x7f.1",
                                                            "2130706433",
                                                            "127.1",
                                                            "fd00::/129",
                                                            "[10.0.0.1",
                                                            "[localhost]",
                                                            "[fd00::/8]443",
                                                            "[fd00::/8]:",
                                                            "10.0.0.1:",
                                                            "10.0.0.1:0",
                                                            "10.0.0.1:65536",
                                                            "10.0.0.1:9-8",
                                                            "10.0.0.1:1-",
                                                            "10.0.0.1:-1",
                                                            "10.0.0.1:http",
                                                            "a b",
                                                            "example.org/path",
                                                            "http://a.org",
                                                            "ex\u00e4mple.org",
                                                            long_label}) {
        EXPECT_FALSE(Destination::parse(text)) << text;
    }
}

}  // namespace
}  // namespace moai::base
