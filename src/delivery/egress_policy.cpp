#include "delivery/egress_policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace moai::delivery {
namespace {

using base::IpAddress;
using base::IpNetwork;

struct Rule {
    IpNetwork network;
    std::string_view what;
};

Rule rule(std::string_view network, std::string_view what) { return {IpNetwork::parse(network).value(), what}; }

/// Where clouds hand out credentials to whoever asks from the machine (AWS, Azure, GCP, Alibaba, Oracle).
const std::vector<Rule>& metadata_rules() {
    static const std::vector<Rule> kRules{
        rule("169.254.0.0/16", "link-local"),    rule("100.100.100.200", "cloud metadata"),
        rule("168.63.129.16", "cloud metadata"), rule("192.0.0.192", "cloud metadata"),
        rule("fd00:ec2::/32", "cloud metadata"), rule("fd20:ce::254", "cloud metadata"),
        rule("fe80::/10", "link-local"),
    };
    return kRules;
}

// IANA IPv4 and IPv6 Special-Purpose Address Registries; multicast and reserved space.
const std::vector<Rule>& refused_rules() {
    static const std::vector<Rule> kRules{
        rule("0.0.0.0/8", "this network"),
        rule("10.0.0.0/8", "private"),
        rule("100.64.0.0/10", "shared by carriers"),
        rule("127.0.0.0/8", "loopback"),
        rule("172.16.0.0/12", "private"),
        rule("192.0.0.0/24", "protocol assignments"),
        rule("192.0.2.0/24", "documentation"),
        rule("192.31.196.0/24", "AS112"),
        rule("192.52.193.0/24", "AMT"),
        rule("192.88.99.0/24", "6to4 relays"),
        rule("192.168.0.0/16", "private"),
        rule("192.175.48.0/24", "AS112"),
        rule("198.18.0.0/15", "benchmarking"),
        rule("198.51.100.0/24", "documentation"),
        rule("203.0.113.0/24", "documentation"),
        rule("224.0.0.0/4", "multicast"),
        rule("240.0.0.0/4", "reserved"),
        rule("::1", "loopback"),
        rule("::", "unspecified"),
        rule("100::/64", "discard"),
        rule("2001::/23", "protocol assignments"),
        rule("2001:db8::/32", "documentation"),
        rule("2002::/16", "6to4"),
        rule("2620:4f:8000::/48", "AS112"),
        rule("3fff::/20", "documentation"),
        rule("5f00::/16", "segment routing"),
        rule("fc00::/7", "private"),
        rule("fec0::/10", "site-local"),
        rule("ff00::/8", "multicast"),
    };
    return kRules;
}

const Rule* match(const std::vector<Rule>& rules, const IpAddress& address) {
    const auto found = std::ranges::find_if(rules, [&](const Rule& rule) { return rule.network.contains(address); });
    return found == rules.end() ? nullptr : &*found;
}

/// An IPv6 form of an IPv4 address, and of nothing else: IPv4-mapped (RFC 4291, 2.5.5.2), NAT64 (RFC 6052, 2.1).
bool is_v4_form(const IpAddress& address) {
    static const IpNetwork kMapped = IpNetwork::parse("::ffff:0:0/96").value();
    static const IpNetwork kNat64 = IpNetwork::parse("64:ff9b::/96").value();
    return kMapped.contains(address) || kNat64.contains(address);
}

/// RFC 5214, 6.1: the interface identifier names an IPv4 address; either value of the universal/local bit.
bool is_isatap(const IpAddress& address) {
    const auto bytes = address.bytes();
    return !address.is_v4() && (bytes[8] == 0x00 || bytes[8] == 0x02) && bytes[9] == 0x00 && bytes[10] == 0x5e &&
           bytes[11] == 0xfe;
}

std::string refused(const Rule& rule, std::string_view option) {
    return fmt::format("refused by the egress policy: {} ({}); {} opens it", rule.what, rule.network.text(), option);
}

}  // namespace

std::string EgressPolicy::refusal(std::string_view host, const IpAddress& address, std::uint16_t port) const {
    for (const auto& own : options_.own) {
        if (own.address.is_v4() == address.is_v4() && own.address.bytes() == address.bytes() && own.port == port) {
            return "";
        }
    }
    const auto is_named = [&](const base::Destination& one) { return one.contains(host, address, port); };
    if (std::ranges::any_of(options_.denied, is_named)) {
        return "refused by the egress policy: --egress-deny names it";
    }
    if (is_v4_form(address)) {
        return refusal(host, address.v4_at(12), port);
    }
    if (is_isatap(address)) {
        if (std::string inner = refusal(host, address.v4_at(12), port); !inner.empty()) {
            return inner;
        }
    }
    if (const Rule* const rule = match(metadata_rules(), address); rule != nullptr) {
        if (!options_.metadata) {
            return refused(*rule, "--egress-allow-metadata");
        }
        if (!options_.allowed_only) {
            return "";
        }
    }
    if (std::ranges::any_of(options_.allowed, is_named)) {
        return "";
    }
    if (options_.allowed_only) {
        return "refused by the egress policy: --egress-allow does not name it, and --egress-allow-only is on";
    }
    if (const Rule* const rule = match(refused_rules(), address); rule != nullptr) {
        return refused(*rule, "--egress-allow");
    }
    static const IpNetwork kGlobal = IpNetwork::parse("2000::/3").value();
    if (!address.is_v4() && !kGlobal.contains(address)) {
        return "refused by the egress policy: not global unicast (outside of 2000::/3); --egress-allow opens it";
    }
    if (port != 80 && port != 443 && port < 1024) {
        return fmt::format(
            "refused by the egress policy: port {}, only 80, 443 and those above 1023 are open; "
            "--egress-allow with the address opens it",
            port);
    }
    return "";
}

}  // namespace moai::delivery
