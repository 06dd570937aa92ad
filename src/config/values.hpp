// The grammar of option values. Each parser throws BadValue saying what is allowed.
#pragma once

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/destination.hpp"

namespace moai::config {

/// what() is the rest of the sentence "... is not valid: allowed is <what()>".
class BadValue : public std::invalid_argument {
public:
    using std::invalid_argument::invalid_argument;
};

/// Where a server listens. Port 0 lets the system choose.
struct ListenAddress {
    std::string host;  ///< an IPv4 or IPv6 address without brackets, or "localhost"
    std::uint16_t port = 0;

    /// Reachable from this machine only.
    [[nodiscard]] bool loopback() const;
    /// "127.0.0.1:3000", "[::1]:3000".
    [[nodiscard]] std::string text() const;
};

/// "127.0.0.1:3000", "[::1]:3000", "localhost:0".
[[nodiscard]] ListenAddress parse_listen_address(std::string_view text);
/// A number and one of ms, s, m, h ("250ms", "30s"), within [least, most].
[[nodiscard]] std::chrono::milliseconds parse_duration(std::string_view text, std::chrono::milliseconds least,
                                                       std::chrono::milliseconds most);
/// Decimal digits only, within [least, most].
[[nodiscard]] std::uint64_t parse_count(std::string_view text, std::uint64_t least, std::uint64_t most);
/// true, yes, on, 1, or false, no, off, 0.
[[nodiscard]] bool parse_switch(std::string_view text);
/// One of `allowed`; its index.
[[nodiscard]] std::size_t parse_choice(std::string_view text, std::initializer_list<std::string_view> allowed);
/// Splits at commas and trims blanks; empty items are refused.
[[nodiscard]] std::vector<std::string> parse_list(std::string_view text);
/// A host name or address as it stands in a Host header, with or without port, or an IPv6 address without brackets.
/// Lower-cased.
[[nodiscard]] std::string parse_host_name(std::string_view text);
/// "10.0.0.0/8", "[fd00::/8]:443", "hooks.example.org:8000-8999", ".example.org": see base::Destination::parse.
[[nodiscard]] base::Destination parse_destination(std::string_view text);
/// "postgresql://..." or "key=value ..."; whether libpq understands it is for pg to say.
[[nodiscard]] std::string parse_database_url(std::string_view text);
/// Not empty.
[[nodiscard]] std::string parse_text(std::string_view text);

}  // namespace moai::config
