#include "base/destination.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace moai::base {
namespace {

constexpr std::size_t kLongestName = 253;  // RFC 1035, 2.3.4, as text

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return c >= 'a' && c <= 'z'; }

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(text.begin(), text.end(), result.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
    return result;
}

/// Labels of letters, digits, '-' and '_', the last of which is no number; a dot may stand before.
bool is_host(std::string_view text) {
    const std::string_view name = text.substr(text.starts_with('.') ? 1 : 0);
    if (name.empty() || name.size() > kLongestName || name.starts_with('.') || name.ends_with('.') ||
        name.find("..") != std::string_view::npos) {
        return false;
    }
    const std::string_view last = name.substr(name.rfind('.') + 1);  // npos + 1 is 0
    return is_letter(last.front()) && std::all_of(name.begin(), name.end(), [](char c) {
               return is_letter(c) || is_digit(c) || c == '-' || c == '_' || c == '.';
           });
}

std::optional<std::uint16_t> port_of(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    return error == std::errc() && end == text.data() + text.size() && port > 0 ? std::optional(port) : std::nullopt;
}

struct Parts {
    std::string_view place;
    std::optional<std::string_view> ports;
};

/// Unset where brackets do not match.
std::optional<Parts> split(std::string_view text) {
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == std::string_view::npos || (end + 1 < text.size() && text[end + 1] != ':')) {
            return std::nullopt;
        }
        const bool has_ports = end + 1 < text.size();
        return Parts{text.substr(1, end - 1), has_ports ? std::optional(text.substr(end + 2)) : std::nullopt};
    }
    const auto colon = text.find(':');
    if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos) {
        return Parts{text, std::nullopt};  // the colons are IPv6's
    }
    return Parts{text.substr(0, colon), text.substr(colon + 1)};
}

}  // namespace

std::optional<Destination> Destination::parse(std::string_view text) {
    const auto parts = split(text);
    if (!parts) {
        return std::nullopt;
    }
    Destination destination;
    destination.network_ = IpNetwork::parse(parts->place);
    if (!destination.network_) {
        destination.host_ = lower(parts->place);
        if (text.starts_with('[') || !is_host(destination.host_)) {
            return std::nullopt;
        }
    }
    if (parts->ports) {
        const auto dash = std::min(parts->ports->find('-'), parts->ports->size());
        const auto first = port_of(parts->ports->substr(0, dash));
        const auto last = dash == parts->ports->size() ? first : port_of(parts->ports->substr(dash + 1));
        if (!first || !last || *first > *last) {
            return std::nullopt;
        }
        destination.first_port_ = *first;
        destination.last_port_ = *last;
    }
    return destination;
}

bool Destination::contains(std::string_view host, const IpAddress& address, std::uint16_t port) const noexcept {
    return port >= first_port_ && port <= last_port_ && (network_ ? network_->contains(address) : names(host));
}

bool Destination::names(std::string_view host) const noexcept {
    const std::string_view absolute = host.substr(0, host.size() - (host.ends_with('.') ? 1 : 0));
    if (!host_.starts_with('.')) {
        return absolute == host_;
    }
    return absolute == std::string_view(host_).substr(1) || absolute.ends_with(host_);
}

std::string Destination::text() const {
    std::string place = network_ ? network_->text() : host_;
    if (first_port_ == 0) {
        return place;
    }
    const bool is_v6 = place.find(':') != std::string::npos;
    std::string text = is_v6 ? "[" + place + "]:" : place + ":";
    text += std::to_string(first_port_);
    return last_port_ == first_port_ ? text : text + "-" + std::to_string(last_port_);
}

}  // namespace moai::base
