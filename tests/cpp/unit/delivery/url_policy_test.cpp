// check_url: what is refused, by which reason, and what the parser makes of the rest.
#include "delivery/url_policy.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <tuple>

namespace {

using moai::delivery::check_url;
using moai::delivery::kLongestUrl;
using moai::delivery::Target;

struct Refusal {
    std::string url, reason;
};
// NOLINTNEXTLINE(readability-identifier-naming): GoogleTest finds it by this name.
void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.url; }

class RefusedUrl : public testing::TestWithParam<Refusal> {};

TEST_P(RefusedUrl, IsRefusedWithItsReason) {
    const auto check = check_url(GetParam().url);
    EXPECT_FALSE(check.target.has_value());
    EXPECT_EQ(check.reason, GetParam().reason) << GetParam().url;
}

INSTANTIATE_TEST_SUITE_P(
    UrlPolicy, RefusedUrl,
    testing::Values(
        Refusal{"", "the URL is empty"}, Refusal{"ftp://h/", "the URL does not begin with http:// or https://"},
        Refusal{"file:///etc/passwd", "the URL does not begin with http:// or https://"},
        Refusal{"gopher://h:70/x", "the URL does not begin with http:// or https://"},
        Refusal{"example.com/hook", "the URL does not begin with http:// or https://"},
        Refusal{"//example.com/hook", "the URL does not begin with http:// or https://"},
        Refusal{"http:/example.com", "the URL does not begin with http:// or https://"},
        Refusal{"httpss://example.com", "the URL does not begin with http:// or https://"},
        Refusal{"javascript:alert(1)", "the URL does not begin with http:// or https://"},
        Refusal{"http://", "the URL has no host"}, Refusal{"http:///example.com", "the URL has no host"},
        Refusal{"http://?x=1", "the URL has no host"}, Refusal{"http://:80/", "the URL has no host"},
        Refusal{"http://user:pass@example.com/", "the URL contains credentials"},
        Refusal{"http://user@example.com/", "the URL contains credentials"},
        Refusal{"http://@example.com/", "the URL contains credentials"},
        Refusal{"http://h\\@evil.example/", "the URL contains a backslash"},
        Refusal{"http://example.com/a b", "the URL contains a space"},
        Refusal{" http://example.com/", "the URL contains a space"},
        Refusal{"http://example.com/\r\nX-Evil: 1", "the URL contains a control character"},
        Refusal{std::string("http://example.com/\0", 20), "the URL contains a control character"},
        Refusal{"http://example.com/\x7f", "the URL contains a control character"},
        Refusal{"http://example.com/#part", "the URL contains a fragment"},
        Refusal{"http://example.com:0/", "the URL's port is not a number from 1 to 65535"},
        Refusal{"http://example.com:65536/", "the URL's port is not a number from 1 to 65535"},
        Refusal{"http://example.com:99999999999999999999/", "the URL's port is not a number from 1 to 65535"},
        Refusal{"http://example.com:-1/", "the URL's port is not a number from 1 to 65535"},
        Refusal{"http://example.com:8x/", "the URL's port is not a number from 1 to 65535"},
        Refusal{"http://exa%6dple.com/", "the URL has a percent sign in its host"},
        Refusal{"http://[fe80::1%25eth0]/", "the URL has a percent sign in its host"},
        Refusal{"http://example.com/" + std::string(kLongestUrl, 'a'), "the URL is longer than 2048 bytes"}));

TEST(UrlPolicy, RefusesHostsThatTheParserCannotRead) {
    for (const std::string url : {"http://[::1", "http://[zz]/", "http://a b/", "http://a<b>/", "http://a\"b/"}) {
        EXPECT_FALSE(check_url(url).target.has_value()) << url;
        EXPECT_NE(check_url(url).reason, "") << url;
    }
}

Target target_of(const std::string& url) {
    const auto check = check_url(url);
    EXPECT_EQ(check.reason, "") << url;
    return check.target.value_or(Target{});
}

TEST(UrlPolicy, ReadsHostPortAndScheme) {
    const Target plain = target_of("http://Example.COM/hook?x=1&y=a%20b");
    EXPECT_EQ(std::tie(plain.host, plain.port, plain.tls, plain.literal), std::tuple("example.com", 80, false, false));
    EXPECT_EQ(plain.url, "http://Example.COM/hook?x=1&y=a%20b");
    const Target secure = target_of("HTTPS://example.com:8443");
    EXPECT_EQ(std::tie(secure.host, secure.port, secure.tls, secure.literal),
              std::tuple("example.com", 8443, true, false));
    EXPECT_EQ(target_of("https://example.com").port, 443);
    EXPECT_EQ(target_of("http://example.com:/").port, 80);
    EXPECT_EQ(target_of("http://example.com:65535/").port, 65535);
    EXPECT_EQ(target_of("http://example.com:1/").port, 1);
}

TEST(UrlPolicy, SeesAddressesInEverySpelling) {
    for (const std::string url :
         {"http://127.0.0.1/", "http://0x7f.1/", "http://2130706433/", "http://017700000001/", "http://127.1/"}) {
        const Target target = target_of(url);
        EXPECT_EQ(target.host, "127.0.0.1") << url;
        EXPECT_TRUE(target.literal) << url;
    }
    const Target six = target_of("http://[::1]:8080/x");
    EXPECT_EQ(std::tie(six.host, six.port, six.literal), std::tuple("::1", 8080, true));
}

TEST(UrlPolicy, RefusesHostsThatAreNotAsciiAndTakesTheirXnForm) {
    for (const std::string url : {"https://bücher.example/", "http://１２７.0.0.1/"}) {
        EXPECT_EQ(check_url(url).reason,
                  "the URL's host is not ASCII (an international name is written in its xn-- form)");
    }
    EXPECT_EQ(target_of("https://xn--bcher-kva.example/").host, "xn--bcher-kva.example");
}

TEST(UrlPolicy, PercentEncodesAPathThatIsNotAscii) {
    EXPECT_EQ(target_of("https://example.com/straße").url, "https://example.com/stra%c3%9fe");
}

TEST(UrlPolicy, LeavesThePathAsItIs) {
    EXPECT_EQ(target_of("http://example.com/a/../b/./c//d;e?f=%2F").url, "http://example.com/a/../b/./c//d;e?f=%2F");
}

TEST(UrlPolicy, TakesAUrlOfExactlyTheLongestLength) {
    const std::string start = "http://example.com/";
    EXPECT_TRUE(check_url(start + std::string(kLongestUrl - start.size(), 'a')).target.has_value());
}

TEST(UrlPolicy, LeavesAtAndColonInPathAndQueryAlone) {
    EXPECT_EQ(target_of("http://example.com/@team:x?to=a@b.example").host, "example.com");
}

}  // namespace
