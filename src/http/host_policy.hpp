// Which Host values are answered: the defence against DNS rebinding of a server that trusts its network.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace moai::http {

/// Immutable; safe from any thread.
class HostPolicy {
public:
    /// `bound_host`: the host part of the listening address, without brackets. `allowed`: "name" (any port) or
    /// "name:port".
    HostPolicy(std::string_view bound_host, std::vector<std::string> allowed);

    /// `host` is a Host header's value: name or address, with or without port. Loopback is always accepted.
    [[nodiscard]] bool accepts(std::string_view host) const;

private:
    std::string bound_host_;
    std::vector<std::string> allowed_;
};

}  // namespace moai::http
