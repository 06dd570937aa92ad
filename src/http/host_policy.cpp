// Addresses are compared as addresses, not as text; names in lower case.
#include "http/host_policy.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "http/token.hpp"

namespace moai::http {
namespace {

struct HostPort {
    std::string host;  ///< lower case, no brackets
    std::string_view port;
    bool bracketed = false;
};

std::optional<HostPort> split(std::string_view text) {
    HostPort result;
    std::string_view rest;
    if (text.starts_with('[')) {
        const auto close = text.find(']');
        if (close == std::string_view::npos) {
            return std::nullopt;
        }
        result.host = to_lower(text.substr(1, close - 1));
        result.bracketed = true;
        rest = text.substr(close + 1);
    } else {
        const auto colon = text.find(':');
        result.host = to_lower(text.substr(0, colon));
        rest = colon == std::string_view::npos ? std::string_view{} : text.substr(colon);
    }
    if (result.host.empty() || (!rest.empty() && rest.front() != ':')) {
        return std::nullopt;
    }
    result.port = rest.empty() ? rest : rest.substr(1);
    if (result.port.size() > 5 || !std::all_of(result.port.begin(), result.port.end(), is_digit)) {
        return std::nullopt;
    }
    return result;
}

bool same_v6(const std::string& left, const std::string& right) {
    in6_addr a{};
    in6_addr b{};
    return inet_pton(AF_INET6, left.c_str(), &a) == 1 && inet_pton(AF_INET6, right.c_str(), &b) == 1 &&
           std::memcmp(&a, &b, sizeof a) == 0;
}

bool is_loopback_v4(const std::string& host) {
    in_addr address{};
    return inet_pton(AF_INET, host.c_str(), &address) == 1 && (ntohl(address.s_addr) >> 24U) == 127;
}

}  // namespace

HostPolicy::HostPolicy(std::string_view bound_host, std::vector<std::string> allowed)
    : bound_host_(to_lower(bound_host)), allowed_(std::move(allowed)) {
    std::transform(allowed_.begin(), allowed_.end(), allowed_.begin(),
                   [](const std::string& host) { return to_lower(host); });
}

bool HostPolicy::accepts(std::string_view host) const {
    const auto parts = split(host);
    if (!parts) {
        return false;
    }
    if (parts->bracketed ? same_v6(parts->host, "::1") || same_v6(parts->host, bound_host_)
                         : parts->host == "localhost" || is_loopback_v4(parts->host) || parts->host == bound_host_) {
        return true;
    }
    const std::string name = parts->bracketed ? '[' + parts->host + ']' : parts->host;
    const std::string with_port = name + ':' + std::string(parts->port);
    return std::any_of(allowed_.begin(), allowed_.end(),
                       [&](const std::string& allowed) { return allowed == name || allowed == with_port; });
}

}  // namespace moai::http
