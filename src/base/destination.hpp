// Where connections go, as people name it in lists of what may and what must not be reached.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ip_network.hpp"

namespace moai::base {

/// The addresses of a network, or those that a host name stands for, on a range of ports. Immutable.
class Destination {
public:
    /// "10.0.0.0/8", "192.0.2.1", "fd00::/8", "hooks.example.org", or ".example.org", which is that host and all below
    /// it. ":443" or ":8000-8999" may follow; an IPv6 network then stands in brackets. Unset for anything else, also
    /// for names that end in a number, which are mistyped addresses.
    [[nodiscard]] static std::optional<Destination> parse(std::string_view text);

    /// A connection to `address`, which was looked up for `host` (in lower case; any text for an address that was given
    /// as such).
    [[nodiscard]] bool contains(std::string_view host, const IpAddress& address, std::uint16_t port) const noexcept;
    [[nodiscard]] std::string text() const;

private:
    [[nodiscard]] bool names(std::string_view host) const noexcept;

    std::optional<IpNetwork> network_;
    std::string host_;  ///< in lower case; empty: a network
    std::uint16_t first_port_ = 0, last_port_ = 65535;
};

}  // namespace moai::base
