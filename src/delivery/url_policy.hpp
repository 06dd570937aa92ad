// Which URLs may be delivered to, judged by the parser that will connect (libcurl's).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace moai::delivery {

constexpr std::size_t kLongestUrl = 2048;

/// Where a request goes, taken from a URL that may be used.
struct Target {
    std::string url;         ///< normalised: 0x7f.1 has become 127.0.0.1, bytes above 127 are percent-encoded
    std::string host;        ///< lower case, an IPv6 address without brackets
    std::uint16_t port = 0;  ///< the scheme's own unless the URL names one
    bool tls = false;
    bool literal = false;  ///< `host` is an address: nothing to look up
};

/// A target, or why there is none.
struct UrlCheck {
    std::optional<Target> target;
    std::string reason;  ///< one sentence without its stop; empty if there is a target
};

/// Takes absolute http and https URLs with a host, of at most kLongestUrl bytes and a port of 1 to 65535; refuses
/// credentials, spaces, control characters, backslashes, fragments, IPv6 zones and hosts that are not ASCII. Says
/// nothing of the address behind it: see EgressPolicy.
[[nodiscard]] UrlCheck check_url(std::string_view text);

}  // namespace moai::delivery
