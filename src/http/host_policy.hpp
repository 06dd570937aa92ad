// Which Host values are answered: the defence against DNS rebinding of a server that trusts its network.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace moai::http {

/// A name or address, and a port if one is given.
struct HostPort {
    std::string host;  ///< names in lower case; an IPv6 address as inet_ntop writes it, without brackets
    bool v6 = false;
    std::optional<std::uint16_t> port;
};

/// Reads "name", "name:", "name:port", "[v6]" and "[v6]:port"; nothing for what has another form.
[[nodiscard]] std::optional<HostPort> parse_host(std::string_view text);

/// Immutable; safe from any thread.
class HostPolicy {
public:
    /// `bound_host`: the host part of the listening address, without brackets. `allowed`: what parse_host() reads, and
    /// IPv6 addresses without brackets; one without a port stands for any port. Throws std::invalid_argument naming
    /// an entry of another form.
    HostPolicy(std::string_view bound_host, const std::vector<std::string>& allowed);

    /// `host` is a Host header's value: name or address, with or without port. Loopback is always accepted.
    [[nodiscard]] bool accepts(std::string_view host) const;

private:
    std::vector<HostPort> allowed_;
};

}  // namespace moai::http
