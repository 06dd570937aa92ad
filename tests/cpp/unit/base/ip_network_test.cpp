#include "base/ip_network.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstring>

namespace moai::base {
namespace {

bool contains(const std::string& network, const std::string& address) {
    return IpNetwork::parse(network).value().contains(IpAddress::parse(address).value());
}

TEST(IpAddress, ReadsTheTwoTextFormsAndNothingElse) {
    EXPECT_TRUE(IpAddress::parse("192.0.2.1").value().is_v4());
    EXPECT_FALSE(IpAddress::parse("::ffff:192.0.2.1").value().is_v4());
    for (const char* text : {"", "127.1", "0x7f.0.0.1", "0177.0.0.1", "2130706433", "[::1]", "fe80::1%lo", "localhost",
                             "1.2.3.4 ", "1.2.3.256", "1.2.3.4.5"}) {
        EXPECT_FALSE(IpAddress::parse(text)) << text;
    }
}

TEST(IpAddress, IsReadFromASocketAddressOfEitherFamily) {
    sockaddr_storage storage{};
    auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
    v4.sin_family = AF_INET;
    v4.sin_addr.s_addr = htonl(0xC0000201);
    EXPECT_EQ(IpAddress::of(reinterpret_cast<sockaddr&>(storage)).value().text(), "192.0.2.1");
    storage = {};
    auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
    v6.sin6_family = AF_INET6;
    v6.sin6_addr = in6addr_loopback;
    EXPECT_EQ(IpAddress::of(reinterpret_cast<sockaddr&>(storage)).value().text(), "::1");
    storage = {};
    storage.ss_family = AF_UNIX;
    EXPECT_FALSE(IpAddress::of(reinterpret_cast<sockaddr&>(storage)));
}

TEST(IpAddress, TellsTheIpv4AddressInsideIt) {
    EXPECT_EQ(IpAddress::parse("64:ff9b::192.0.2.1").value().v4_at(12).text(), "192.0.2.1");
    EXPECT_EQ(IpAddress::parse("2002:c000:201::").value().v4_at(2).text(), "192.0.2.1");
}

TEST(IpNetwork, ContainsFromItsFirstAddressToItsLast) {
    EXPECT_TRUE(contains("172.16.0.0/12", "172.16.0.0"));
    EXPECT_TRUE(contains("172.16.0.0/12", "172.31.255.255"));
    EXPECT_FALSE(contains("172.16.0.0/12", "172.15.255.255"));
    EXPECT_FALSE(contains("172.16.0.0/12", "172.32.0.0"));
    EXPECT_TRUE(contains("fc00::/7", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));
    EXPECT_FALSE(contains("fc00::/7", "fe00::"));
    EXPECT_TRUE(contains("0.0.0.0/0", "255.255.255.255"));
    EXPECT_TRUE(contains("::/0", "ffff::"));
    EXPECT_TRUE(contains("::1/128", "::1"));
    EXPECT_FALSE(contains("::1/128", "::"));
}

TEST(IpNetwork, WithoutALengthIsOneAddress) {
    EXPECT_EQ(IpNetwork::parse("192.0.2.1").value().text(), "192.0.2.1/32");
    EXPECT_EQ(IpNetwork::parse("2001:DB8::1").value().text(), "2001:db8::1/128");
}

TEST(IpNetwork, ContainsNothingOfTheOtherFamily) {
    EXPECT_FALSE(contains("0.0.0.0/0", "::1"));
    EXPECT_FALSE(contains("::/0", "127.0.0.1"));
}

TEST(IpNetwork, RefusesWhatIsNone) {
    for (const char* text : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8 ", "10.0.0.0/8x",
                             "::/129", "10.0.0.1/8", "fd00::1/8", "10.0.0.0/255.0.0.0", "example.org/8", "10/8"}) {
        EXPECT_FALSE(IpNetwork::parse(text)) << text;
    }
}

}  // namespace
}  // namespace moai::base
