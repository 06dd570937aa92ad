// To which addresses requests may go. Endpoints are named by strangers: what only this machine and its network can
// reach must not be reached through it (SSRF).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/destination.hpp"
#include "base/ip_network.hpp"

namespace moai::delivery {

/// Judges addresses, never texts: a URL's host has many spellings, and a name resolves to what its owner likes at each
/// look-up. Global unicast addresses may be connected to, on the ports 80, 443 and above 1023. What is refused: the
/// IANA special-purpose registries (RFC 6890 and its successors), multicast, IPv6 outside of 2000::/3, tunnels into
/// IPv4 (6to4, Teredo), and addresses at which clouds serve credentials. An IPv4 address inside an IPv6 one (mapped,
/// NAT64, ISATAP) is judged itself. Lists of an operator's own go before all this: what is denied is refused, then what
/// is allowed is open, on every port. Immutable, so safe from any thread.
class EgressPolicy {
public:
    struct Endpoint {
        base::IpAddress address;
        std::uint16_t port = 0;
    };
    struct Options {
        std::vector<base::Destination> allowed = {};  ///< whatever else is refused; not metadata
        std::vector<base::Destination> denied = {};   ///< though it be allowed
        bool allowed_only = false;                    ///< and nothing else
        bool metadata = false;                        ///< the addresses of cloud metadata too
        std::vector<Endpoint> own = {};               ///< the demo's receiver, whatever else is refused
    };

    /// Allows what is public, and nothing else.
    EgressPolicy() = default;
    explicit EgressPolicy(Options options) : options_(std::move(options)) {}

    /// Why no request may go to this address, which `host` (in lower case) stands for: the rule and, where one does,
    /// the option that lifts it, for people. Empty: it may.
    [[nodiscard]] std::string refusal(std::string_view host, const base::IpAddress& address, std::uint16_t port) const;

private:
    Options options_;
};

}  // namespace moai::delivery
