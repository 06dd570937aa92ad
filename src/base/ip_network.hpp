// IP addresses and networks as values, compared by their bits: their texts have many spellings.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

struct sockaddr;

namespace moai::base {

/// An IPv4 or IPv6 address. An IPv4 address in an IPv6 form is an IPv6 address.
class IpAddress {
public:
    /// "192.0.2.1", "2001:db8::1"; unset for anything else: names, zones, brackets, octal or short forms.
    [[nodiscard]] static std::optional<IpAddress> parse(const std::string& text);
    /// Unset for another family than AF_INET and AF_INET6.
    [[nodiscard]] static std::optional<IpAddress> of(const sockaddr& address);

    [[nodiscard]] bool is_v4() const noexcept { return is_v4_; }
    /// In network order; of an IPv4 address the first four.
    [[nodiscard]] std::array<unsigned char, 16> bytes() const noexcept { return bytes_; }
    /// The IPv4 address that stands in an IPv6 address from byte `at` on. REQUIRES: at <= 12.
    [[nodiscard]] IpAddress v4_at(std::size_t at) const;
    [[nodiscard]] std::string text() const;

private:
    std::array<unsigned char, 16> bytes_{};
    bool is_v4_ = false;
};

/// The addresses that share a prefix.
class IpNetwork {
public:
    /// "10.0.0.0/8", "fd00::/8"; an address without a length is that address alone. Unset for anything else, also if
    /// bits are set beyond the prefix: "10.0.0.1/8" is a mistake in one of its two parts.
    [[nodiscard]] static std::optional<IpNetwork> parse(std::string_view text);

    /// False for an address of the other family.
    [[nodiscard]] bool contains(const IpAddress& address) const noexcept;
    [[nodiscard]] std::string text() const;

private:
    IpAddress first_;
    std::size_t prefix_ = 0;  ///< bits
};

}  // namespace moai::base
