// egress_policy: every range that is refused, at its edges, in every spelling of its addresses.
#include "delivery/egress_policy.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tuple>
#include <vector>

namespace moai::delivery {
namespace {

using base::Destination;
using base::IpAddress;
using ::testing::HasSubstr;

IpAddress address(const std::string& text) { return IpAddress::parse(text).value(); }

std::string refusal(const std::string& text, std::uint16_t port = 443) {
    return EgressPolicy().refusal("", address(text), port);
}

struct Range {
    std::string before, first, last, after;  ///< `before` and `after`: "" where another refused range adjoins
    std::string rule;                        ///< as the refusal names it
};

// NOLINTNEXTLINE(readability-identifier-naming): GoogleTest finds it by this name.
void PrintTo(const Range& range, std::ostream* out) { *out << range.first << "-" << range.last; }

const std::vector<Range> kV4{
    {"", "0.0.0.0", "0.255.255.255", "1.0.0.0", "0.0.0.0/8"},
    {"9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0", "10.0.0.0/8"},
    {"100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0", "100.64.0.0/10"},
    {"126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0", "127.0.0.0/8"},
    {"169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0", "169.254.0.0/16"},
    {"172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0", "172.16.0.0/12"},
    {"191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0", "192.0.0.0/24"},
    {"192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0", "192.0.2.0/24"},
    {"192.31.195.255", "192.31.196.0", "192.31.196.255", "192.31.197.0", "192.31.196.0/24"},
    {"192.52.192.255", "192.52.193.0", "192.52.193.255", "192.52.194.0", "192.52.193.0/24"},
    {"192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0", "192.88.99.0/24"},
    {"192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0", "192.168.0.0/16"},
    {"192.175.47.255", "192.175.48.0", "192.175.48.255", "192.175.49.0", "192.175.48.0/24"},
    {"198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0", "198.18.0.0/15"},
    {"198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0", "198.51.100.0/24"},
    {"203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0", "203.0.113.0/24"},
    {"223.255.255.255", "224.0.0.0", "239.255.255.255", "", "224.0.0.0/4"},
    {"", "240.0.0.0", "255.255.255.255", "", "240.0.0.0/4"},
    {"100.63.255.255", "100.100.100.200", "100.100.100.200", "", "100.100.100.200/32"},
    {"168.63.129.15", "168.63.129.16", "168.63.129.16", "168.63.129.17", "168.63.129.16/32"},
    {"", "192.0.0.192", "192.0.0.192", "", "192.0.0.192/32"},
};

const std::vector<Range> kV6{
    {"", "::", "::", "", "::/128"},
    {"", "::1", "::1", "", "::1/128"},
    {"", "::2", "::fffe:ffff:ffff", "", "2000::/3"},
    {"", "::ffff:0:0:0", "::ffff:0:ffff:ffff", "", "2000::/3"},
    {"", "64:ff9a:ffff::", "64:ff9a:ffff::ffff", "", "2000::/3"},
    {"", "64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "", "2000::/3"},
    {"", "100::", "100::ffff:ffff:ffff:ffff", "", "100::/64"},
    {"", "100:0:0:1::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2000::", "2000::/3"},
    {"2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
     "2001:200::", "2001::/23"},
    {"2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
     "2001:db9::", "2001:db8::/32"},
    {"2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
     "2003::", "2002::/16"},
    {"2620:4f:7fff:ffff:ffff:ffff:ffff:ffff", "2620:4f:8000::", "2620:4f:8000:ffff:ffff:ffff:ffff:ffff",
     "2620:4f:8001::", "2620:4f:8000::/48"},
    {"3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff",
     "3fff:1000::", "3fff::/20"},
    {"3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "4000::", "5eff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", "2000::/3"},
    {"", "5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", "5f00::/16"},
    {"", "5f01::", "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", "2000::/3"},
    {"", "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", "fc00::/7"},
    {"", "fd00:ec2::", "fd00:ec2:ffff:ffff:ffff:ffff:ffff:ffff", "", "fd00:ec2::/32"},
    {"", "fd20:ce::254", "fd20:ce::254", "", "fd20:ce::254/128"},
    {"", "fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", "fe80::/10"},
    {"", "fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", "fec0::/10"},
    {"", "ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", "ff00::/8"},
};

class RefusedRange : public ::testing::TestWithParam<Range> {};

TEST_P(RefusedRange, IsRefusedFromItsFirstAddressToItsLastAndNoFurther) {
    EXPECT_THAT(refusal(GetParam().first), HasSubstr(GetParam().rule));
    EXPECT_THAT(refusal(GetParam().last), HasSubstr(GetParam().rule));
    for (const std::string& neighbour : {GetParam().before, GetParam().after}) {
        if (!neighbour.empty() && GetParam().rule != "100.100.100.200/32") {
            EXPECT_EQ(refusal(neighbour), "") << neighbour;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(V4, RefusedRange, ::testing::ValuesIn(kV4));
INSTANTIATE_TEST_SUITE_P(V6, RefusedRange, ::testing::ValuesIn(kV6));

/// An IPv4 address in the IPv6 forms that end up at it.
std::vector<std::string> spellings(const std::string& v4) {
    const auto b = address(v4).bytes();
    const std::string hex = fmt::format("{:x}{:02x}:{:x}{:02x}", b[0], b[1], b[2], b[3]);
    return {"::ffff:" + v4,
            "::ffff:" + hex,
            "64:ff9b::" + v4,
            "2606:4700::5efe:" + hex,
            "2606:4700::200:5efe:" + hex,
            "2600:1:2:3:0:5efe:" + hex};
}

TEST(EgressPolicy, JudgesAnIpv4AddressAlikeInEverySpelling) {
    for (const auto& range : kV4) {
        for (const std::string& v4 : {range.before, range.first, range.last, range.after}) {
            for (const std::string& spelling : v4.empty() ? std::vector<std::string>() : spellings(v4)) {
                EXPECT_EQ(refusal(spelling), refusal(v4)) << spelling << " is " << v4;
            }
        }
    }
}

TEST(EgressPolicy, RefusesTunnelsWhateverIsInside) {
    EXPECT_THAT(refusal("2002:808:808::1"), HasSubstr("6to4"));
    EXPECT_THAT(refusal("2001:0:808:808::1"), HasSubstr("2001::/23"));
    EXPECT_NE(refusal("::8.8.8.8"), "");
}

TEST(EgressPolicy, APublicIpv4AddressOpensNoIpv6NetworkThatIsRefused) {
    for (const char* network : {"fe80::", "fc00::", "2001:db8::", "100::"}) {
        EXPECT_NE(refusal(std::string(network) + "5efe:808:808"), "") << network;
    }
    EXPECT_EQ(refusal("2606:4700::5efe:808:808"), "");
}

TEST(EgressPolicy, OpensThePorts80And443AndThoseAbove1023) {
    for (const std::uint16_t port : {80, 443, 1024, 8080, 65535}) {
        EXPECT_EQ(refusal("8.8.8.8", port), "") << port;
        EXPECT_EQ(refusal("2606:4700::1111", port), "") << port;
    }
    for (const std::uint16_t port : {1, 22, 25, 79, 81, 442, 444, 1023}) {
        EXPECT_THAT(refusal("8.8.8.8", port), HasSubstr(fmt::format("port {}", port)));
    }
}

EgressPolicy allowing(const std::string& network) {
    return EgressPolicy({.allowed = {Destination::parse(network).value()}});
}

TEST(EgressPolicy, WhatIsAllowedMayBeReachedOnEveryPort) {
    const EgressPolicy policy = allowing("10.1.0.0/16");
    EXPECT_EQ(policy.refusal("", address("10.1.2.3"), 25), "");
    EXPECT_EQ(policy.refusal("", address("::ffff:10.1.2.3"), 25), "") << "the same address";
    EXPECT_NE(policy.refusal("", address("10.2.0.1"), 443), "");
    EXPECT_EQ(allowing("fd12::/16").refusal("", address("fd12::1"), 443), "");
}

TEST(EgressPolicy, MetadataHasASwitchOfItsOwn) {
    for (const char* metadata : {"169.254.169.254", "100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::254",
                                 "fd00:ec2::23", "fe80::1", "::ffff:169.254.169.254"}) {
        EXPECT_THAT(allowing("0.0.0.0/0").refusal("", address(metadata), 80), HasSubstr("--egress-allow-metadata"))
            << metadata;
        EXPECT_THAT(allowing("::/0").refusal("", address(metadata), 80), HasSubstr("--egress-allow-metadata"))
            << metadata;
        EXPECT_EQ(EgressPolicy({.metadata = true}).refusal("", address(metadata), 80), "") << metadata;
    }
    EXPECT_NE(EgressPolicy({.metadata = true}).refusal("", address("10.0.0.1"), 80), "");
}

std::vector<Destination> list(const std::vector<std::string>& texts) {
    std::vector<Destination> destinations;
    for (const std::string& text : texts) {
        destinations.push_back(Destination::parse(text).value());
    }
    return destinations;
}

TEST(EgressPolicy, AHostThatIsAllowedMayHaveAnyAddressButMetadata) {
    const EgressPolicy policy({.allowed = list({".internal:8443"})});
    EXPECT_EQ(policy.refusal("hooks.internal", address("10.0.0.1"), 8443), "");
    EXPECT_EQ(policy.refusal("hooks.internal", address("::ffff:10.0.0.1"), 8443), "");
    EXPECT_NE(policy.refusal("hooks.internal", address("10.0.0.1"), 8444), "");
    EXPECT_NE(policy.refusal("hooks.example.org", address("10.0.0.1"), 8443), "");
    EXPECT_THAT(policy.refusal("hooks.internal", address("169.254.169.254"), 8443),
                HasSubstr("--egress-allow-metadata"));
}

TEST(EgressPolicy, WhatIsDeniedIsRefusedThoughItBePublicOrAllowed) {
    const EgressPolicy policy({.allowed = list({"10.0.0.0/8", "169.254.0.0/16"}),
                               .denied = list({"10.0.0.5", "8.8.8.8:443", ".example.org", "169.254.169.254"}),
                               .metadata = true});
    for (const char* spelling : {"10.0.0.5", "::ffff:10.0.0.5", "64:ff9b::10.0.0.5", "2606:4700::5efe:a00:5"}) {
        EXPECT_EQ(policy.refusal("", address(spelling), 443), "refused by the egress policy: --egress-deny names it")
            << spelling;
    }
    EXPECT_EQ(policy.refusal("", address("10.0.0.6"), 443), "");
    for (const char* form : {"64:ff9b::/96", "::ffff:0:0/96", "::/0"}) {
        const EgressPolicy no_forms({.denied = list({form})});
        const std::string inside = std::string(form).starts_with("::f") ? "::ffff:8.8.8.8" : "64:ff9b::8.8.8.8";
        EXPECT_NE(no_forms.refusal("", address(inside), 443), "") << form;
        EXPECT_EQ(no_forms.refusal("", address("8.8.8.8"), 443), "") << form;
    }
    EXPECT_NE(policy.refusal("", address("8.8.8.8"), 443), "");
    EXPECT_EQ(policy.refusal("", address("8.8.8.8"), 8443), "");
    EXPECT_NE(policy.refusal("a.example.org", address("1.1.1.1"), 443), "");
    EXPECT_EQ(policy.refusal("example.com", address("1.1.1.1"), 443), "");
    EXPECT_NE(policy.refusal("", address("169.254.169.254"), 80), "");
    EXPECT_EQ(policy.refusal("", address("169.254.169.253"), 80), "");
}

TEST(EgressPolicy, OfWhatIsAllowedOnlyNothingElseIsOpen) {
    const EgressPolicy policy(
        {.allowed = list({"hooks.example.org", "10.0.0.0/8"}), .allowed_only = true, .metadata = true});
    EXPECT_EQ(policy.refusal("hooks.example.org", address("1.1.1.1"), 443), "");
    EXPECT_EQ(policy.refusal("", address("10.0.0.1"), 22), "");
    for (const char* other : {"1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1", "127.0.0.1", "169.254.169.254"}) {
        EXPECT_THAT(policy.refusal("example.org", address(other), 443), HasSubstr("--egress-allow-only")) << other;
    }
}

TEST(EgressPolicy, AnEndpointOfItsOwnIsOneAddressAndPort) {
    const EgressPolicy policy({.own = {{address("127.0.0.1"), 4000}}});
    EXPECT_EQ(policy.refusal("", address("127.0.0.1"), 4000), "");
    EXPECT_NE(policy.refusal("", address("127.0.0.1"), 4001), "");
    EXPECT_NE(policy.refusal("", address("127.0.0.2"), 4000), "");
}

TEST(EgressPolicy, SaysWhichOptionLiftsARefusal) {
    EXPECT_EQ(refusal("127.0.0.1"), "refused by the egress policy: loopback (127.0.0.0/8); --egress-allow opens it");
}

}  // namespace
}  // namespace moai::delivery
