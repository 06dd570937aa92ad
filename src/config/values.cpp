#include "config/values.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <charconv>

namespace moai::config {
namespace {

constexpr std::string_view kListenForm =
    "HOST:PORT, HOST being an IPv4 address, an IPv6 address in brackets or localhost, PORT 0 to 65535";

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

template <typename Number>
bool all_of_it(std::string_view text, Number& value) {
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    return error == std::errc{} && stop == end;
}

bool is_ipv4(const std::string& host) {
    in_addr address{};
    return inet_pton(AF_INET, host.c_str(), &address) == 1;
}

bool is_ipv6(const std::string& host) {
    in6_addr address{};
    return inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

std::string duration_text(std::chrono::milliseconds value) {
    const auto ms = value.count();
    if (ms != 0 && ms % 3'600'000 == 0) {
        return fmt::format("{}h", ms / 3'600'000);
    }
    if (ms % 1000 == 0) {
        return fmt::format("{}s", ms / 1000);
    }
    return fmt::format("{}ms", ms);
}

}  // namespace

bool ListenAddress::loopback() const {
    return host == "localhost" || host == "::1" || (is_ipv4(host) && host.starts_with("127."));
}

std::string ListenAddress::text() const {
    return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port) : fmt::format("[{}]:{}", host, port);
}

ListenAddress parse_listen_address(std::string_view text) {
    const auto colon = text.rfind(':');
    ListenAddress address;
    if (colon == std::string_view::npos || !all_of_it(text.substr(colon + 1), address.port)) {
        throw BadValue(std::string(kListenForm));
    }
    const std::string_view host = text.substr(0, colon);
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    address.host = bracketed ? host.substr(1, host.size() - 2) : host;
    const bool good = bracketed ? is_ipv6(address.host) : is_ipv4(address.host) || address.host == "localhost";
    if (!good) {
        throw BadValue(std::string(kListenForm));
    }
    return address;
}

std::chrono::milliseconds parse_duration(std::string_view text, std::chrono::milliseconds least,
                                         std::chrono::milliseconds most) {
    const auto refuse = [&] {
        return BadValue(fmt::format("a whole number with its unit (ms, s, m or h), from {} to {}", duration_text(least),
                                    duration_text(most)));
    };
    const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
    std::int64_t number = 0;
    if (!all_of_it(text.substr(0, digits), number)) {
        throw refuse();
    }
    const std::string_view unit = text.substr(digits);
    const std::int64_t factor = unit == "ms"  ? 1
                                : unit == "s" ? 1000
                                : unit == "m" ? 60'000
                                : unit == "h" ? 3'600'000
                                              : 0;
    if (factor == 0 || number > most.count() / factor) {
        throw refuse();
    }
    const std::chrono::milliseconds value(number * factor);
    if (value < least) {
        throw refuse();
    }
    return value;
}

std::uint64_t parse_count(std::string_view text, std::uint64_t least, std::uint64_t most) {
    std::uint64_t value = 0;
    if (!all_of_it(text, value) || value < least || value > most) {
        throw BadValue(fmt::format("a whole number from {} to {}", least, most));
    }
    return value;
}

bool parse_switch(std::string_view text) {
    for (const std::string_view yes : {"true", "yes", "on", "1"}) {
        if (text == yes) {
            return true;
        }
    }
    for (const std::string_view no : {"false", "no", "off", "0"}) {
        if (text == no) {
            return false;
        }
    }
    throw BadValue("true, yes, on, 1, false, no, off or 0");
}

std::size_t parse_choice(std::string_view text, std::initializer_list<std::string_view> allowed) {
    const auto found = std::find(allowed.begin(), allowed.end(), text);
    if (found == allowed.end()) {
        throw BadValue(fmt::format("one of {}", fmt::join(allowed, ", ")));
    }
    return static_cast<std::size_t>(found - allowed.begin());
}

std::vector<std::string> parse_list(std::string_view text) {
    std::vector<std::string> items;
    for (std::size_t start = 0; start <= text.size();) {
        const auto comma = std::min(text.find(',', start), text.size());
        const std::string_view item = trimmed(text.substr(start, comma - start));
        if (item.empty()) {
            throw BadValue("a list separated by commas, without empty items");
        }
        items.emplace_back(item);
        start = comma + 1;
    }
    return items;
}

std::string parse_host_name(std::string_view text) {
    std::string host(text);
    std::transform(host.begin(), host.end(), host.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const bool bracketed = host.starts_with('[');
    const auto end = bracketed ? host.find(']') : std::min(host.find(':'), host.size());
    const std::string name = host.substr(bracketed ? 1 : 0, bracketed && end != std::string::npos ? end - 1 : end);
    const bool good_name =
        bracketed ? end != std::string::npos && is_ipv6(name)
                  : !name.empty() && name.size() <= 253 &&
                        name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-._") == std::string::npos;
    const std::string_view port = std::string_view(host).substr(std::min(end + (bracketed ? 1 : 0), host.size()));
    std::uint16_t number = 0;
    const bool good_port = port.empty() || (port.starts_with(':') && all_of_it(port.substr(1), number));
    if (!is_ipv6(host) && !(good_name && good_port)) {
        throw BadValue("a host name or an address (IPv6 in brackets), with or without a port, without scheme");
    }
    return host;
}

base::Destination parse_destination(std::string_view text) {
    auto destination = base::Destination::parse(text);
    if (!destination) {
        throw BadValue(
            "an address, a network without bits beyond its length, or a host name, with or without ports, like "
            "10.1.2.3, 10.0.0.0/8:443, [fd00::/8]:8000-8999, hooks.example.org or .example.org");
    }
    return *std::move(destination);
}

std::string parse_database_url(std::string_view text) {
    const bool url = text.starts_with("postgresql://") || text.starts_with("postgres://");
    if (!url && text.find('=') == std::string_view::npos) {
        throw BadValue("postgresql://USER:PASSWORD@HOST:PORT/DATABASE, or libpq's \"host=... dbname=...\"");
    }
    return std::string(text);
}

std::string parse_text(std::string_view text) {
    if (text.empty()) {
        throw BadValue("a text that is not empty");
    }
    return std::string(text);
}

}  // namespace moai::config
