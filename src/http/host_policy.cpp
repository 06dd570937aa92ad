// Everything is brought into one form when it is read, so that comparing is comparing texts.
#include "http/host_policy.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "http/token.hpp"

namespace moai::http {
namespace {

/// The one way to write this IPv6 address; nothing if it is none.
std::optional<std::string> canonical_v6(std::string_view text) {
    in6_addr address{};
    char written[INET6_ADDRSTRLEN] = "";
    if (inet_pton(AF_INET6, std::string(text).c_str(), &address) != 1 ||
        inet_ntop(AF_INET6, &address, written, sizeof written) == nullptr) {
        return std::nullopt;
    }
    return written;
}

/// A host without port and brackets, as a listening address or an option has it.
HostPort bare_host(std::string_view text) {
    if (auto v6 = canonical_v6(text)) {
        return {std::move(*v6), true, std::nullopt};
    }
    return {to_lower(text), false, std::nullopt};
}

bool is_loopback(const HostPort& at) {
    if (at.v6) {
        return at.host == "::1";
    }
    in_addr address{};
    return at.host == "localhost" ||
           (inet_pton(AF_INET, at.host.c_str(), &address) == 1 && (ntohl(address.s_addr) >> 24U) == 127);
}

}  // namespace

std::optional<HostPort> parse_host(std::string_view text) {
    HostPort result;
    result.v6 = text.starts_with('[');
    const auto end = result.v6 ? text.find(']') : std::min(text.find(':'), text.size());
    if (end == std::string_view::npos || end == 0) {
        return std::nullopt;
    }
    std::string_view rest = text.substr(result.v6 ? end + 1 : end);
    if (result.v6) {
        auto address = canonical_v6(text.substr(1, end - 1));
        if (!address) {
            return std::nullopt;
        }
        result.host = std::move(*address);
    } else {
        result.host = to_lower(text.substr(0, end));
    }
    if (rest.empty() || rest == ":") {
        return result;
    }
    if (rest.front() != ':') {
        return std::nullopt;
    }
    rest.remove_prefix(1);
    std::uint16_t port = 0;
    const auto [stop, error] = std::from_chars(rest.data(), rest.data() + rest.size(), port);
    if (error != std::errc{} || stop != rest.data() + rest.size()) {
        return std::nullopt;
    }
    result.port = port;
    return result;
}

HostPolicy::HostPolicy(std::string_view bound_host, const std::vector<std::string>& allowed)
    : allowed_{bare_host(bound_host)} {
    for (const std::string& each : allowed) {
        auto host = canonical_v6(each) ? bare_host(each) : parse_host(each);
        if (!host) {
            throw std::invalid_argument("the allowed host \"" + each +
                                        "\" is no name or address, with or without port");
        }
        allowed_.push_back(std::move(*host));
    }
}

bool HostPolicy::accepts(std::string_view host) const {
    const auto asked = parse_host(host);
    return asked && (is_loopback(*asked) || std::any_of(allowed_.begin(), allowed_.end(), [&](const HostPort& allowed) {
                         return allowed.host == asked->host && allowed.v6 == asked->v6 &&
                                (!allowed.port || allowed.port == asked->port);
                     }));
}

}  // namespace moai::http
