#include "base/ip_network.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace moai::base {

std::optional<IpAddress> IpAddress::parse(const std::string& text) {
    IpAddress address;
    if (inet_pton(AF_INET, text.c_str(), address.bytes_.data()) == 1) {
        address.is_v4_ = true;
        return address;
    }
    if (inet_pton(AF_INET6, text.c_str(), address.bytes_.data()) == 1) {
        return address;
    }
    return std::nullopt;
}

std::optional<IpAddress> IpAddress::of(const sockaddr& address) {
    IpAddress result;
    if (address.sa_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, &address, sizeof v4);
        std::memcpy(result.bytes_.data(), &v4.sin_addr, sizeof v4.sin_addr);
        result.is_v4_ = true;
        return result;
    }
    if (address.sa_family == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, &address, sizeof v6);
        std::memcpy(result.bytes_.data(), &v6.sin6_addr, sizeof v6.sin6_addr);
        return result;
    }
    return std::nullopt;
}

IpAddress IpAddress::v4_at(std::size_t at) const {
    IpAddress inner;
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(at), 4, inner.bytes_.begin());
    inner.is_v4_ = true;
    return inner;
}

std::string IpAddress::text() const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    return inet_ntop(is_v4_ ? AF_INET : AF_INET6, bytes_.data(), text.data(), text.size());
}

std::optional<IpNetwork> IpNetwork::parse(std::string_view text) {
    const auto slash = std::min(text.find('/'), text.size());
    const auto first = IpAddress::parse(std::string(text.substr(0, slash)));
    if (!first) {
        return std::nullopt;
    }
    IpNetwork network;
    network.first_ = *first;
    const std::size_t bits = first->is_v4() ? 32 : 128;
    network.prefix_ = bits;
    if (slash < text.size()) {
        const std::string_view length = text.substr(slash + 1);
        const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), network.prefix_);
        if (error != std::errc() || end != length.data() + length.size() || network.prefix_ > bits) {
            return std::nullopt;
        }
    }
    for (std::size_t bit = network.prefix_; bit < bits; ++bit) {
        if ((first->bytes().at(bit / 8) >> (7 - bit % 8) & 1) != 0) {
            return std::nullopt;
        }
    }
    return network;
}

bool IpNetwork::contains(const IpAddress& address) const noexcept {
    if (address.is_v4() != first_.is_v4()) {
        return false;
    }
    const std::size_t whole = prefix_ / 8, rest = prefix_ % 8;
    if (std::memcmp(address.bytes().data(), first_.bytes().data(), whole) != 0) {
        return false;
    }
    return rest == 0 || (address.bytes()[whole] ^ first_.bytes()[whole]) >> (8 - rest) == 0;
}

std::string IpNetwork::text() const { return first_.text() + "/" + std::to_string(prefix_); }

}  // namespace moai::base
