// check_url: the text is judged where libcurl's parser is lenient, the rest is read from what that parser made of it.
#include "delivery/url_policy.hpp"

#include <arpa/inet.h>
#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <memory>
#include <new>

namespace moai::delivery {
namespace {

struct UrlDeleter {
    void operator()(CURLU* url) const noexcept { curl_url_cleanup(url); }
};
using Url = std::unique_ptr<CURLU, UrlDeleter>;

Url parse(const std::string& text, CURLUcode& code) {
    Url url(curl_url());
    if (!url) {
        throw std::bad_alloc();
    }
    code =
        curl_url_set(url.get(), CURLUPART_URL, text.c_str(), CURLU_DISALLOW_USER | CURLU_URLENCODE | CURLU_PATH_AS_IS);
    return url;
}

/// The part's text; nothing if the URL has no such part.
std::optional<std::string> part(const Url& url, CURLUPart which, unsigned flags = 0) {
    char* text = nullptr;
    if (curl_url_get(url.get(), which, &text, flags) != CURLUE_OK) {
        return std::nullopt;
    }
    std::string result(text);
    curl_free(text);
    return result;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
    return text.size() >= prefix.size() &&
           std::equal(prefix.begin(), prefix.end(), text.begin(), [](char a, char b) { return a == lower(b); });
}

UrlCheck refused(std::string reason) { return {std::nullopt, std::move(reason)}; }

/// What libcurl's parser would let through or read in its own way. Empty if the text may go on to it.
std::string fault_of_text(std::string_view text) {
    if (text.empty()) {
        return "the URL is empty";
    }
    if (text.size() > kLongestUrl) {
        return "the URL is longer than 2048 bytes";
    }
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte == ' ') {
            return "the URL contains a space";
        }
        if (byte < 0x20 || byte == 0x7f) {
            return "the URL contains a control character";
        }
        if (byte == '\\') {
            return "the URL contains a backslash";
        }
        if (byte == '#') {
            return "the URL contains a fragment";
        }
    }
    // libcurl guesses a scheme where there is none, and takes one or three slashes for two.
    const bool http = starts_with_ignoring_case(text, "http://");
    if (!http && !starts_with_ignoring_case(text, "https://")) {
        return "the URL does not begin with http:// or https://";
    }
    const std::string_view rest = text.substr(http ? 7 : 8);
    const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
    if (authority.find('@') != std::string_view::npos) {
        return "the URL contains credentials";
    }
    if (authority.empty() || authority.front() == ':') {
        return "the URL has no host";
    }
    // libcurl's IDN conversion depends on the process's locale, and turns full-width digits into addresses.
    if (std::any_of(authority.begin(), authority.end(), [](char c) { return static_cast<unsigned char>(c) > 0x7f; })) {
        return "the URL's host is not ASCII (an international name is written in its xn-- form)";
    }
    // Percent-encoding could hide any of the above in the host.
    if (authority.find('%') != std::string_view::npos) {
        return "the URL has a percent sign in its host";
    }
    return "";
}

bool is_literal(const std::string& host) {
    std::array<unsigned char, 16> address{};
    return inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
           inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

}  // namespace

UrlCheck check_url(std::string_view text) {
    if (std::string fault = fault_of_text(text); !fault.empty()) {
        return refused(std::move(fault));
    }
    CURLUcode code = CURLUE_OK;
    const Url url = parse(std::string(text), code);
    if (code == CURLUE_BAD_PORT_NUMBER) {
        return refused("the URL's port is not a number from 1 to 65535");
    }
    if (code != CURLUE_OK) {
        return refused(std::string("the URL cannot be read: ") + curl_url_strerror(code));
    }
    if (part(url, CURLUPART_ZONEID)) {
        return refused("the URL names an IPv6 zone");
    }
    Target target;
    target.url = part(url, CURLUPART_URL).value_or("");
    target.host = part(url, CURLUPART_HOST).value_or("");
    target.tls = part(url, CURLUPART_SCHEME) == "https";
    const int port = std::stoi(part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT).value_or("0"));
    if (port < 1 || port > 65535) {
        return refused("the URL's port is not a number from 1 to 65535");
    }
    target.port = static_cast<std::uint16_t>(port);
    if (target.host.starts_with('[') && target.host.ends_with(']')) {
        target.host = target.host.substr(1, target.host.size() - 2);
    }
    if (target.host.empty()) {
        return refused("the URL has no host");
    }
    std::transform(target.host.begin(), target.host.end(), target.host.begin(), lower);
    target.literal = is_literal(target.host);
    return {std::move(target), ""};
}

}  // namespace moai::delivery
