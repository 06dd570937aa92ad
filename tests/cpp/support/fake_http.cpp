// The few HTTP rules of the fake receiver. Lenient where a test may want to see what was sent.
#include "support/fake_http.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace moai::test {
namespace {

constexpr char kTlsHandshake = 0x16;  // the first byte of a client that takes us for a TLS server

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
    return result;
}

std::optional<ReceivedRequest> parse_head(std::string_view head) {
    ReceivedRequest request;
    const auto line_end = std::min(head.find("\r\n"), head.size());
    const std::string_view first = head.substr(0, line_end);
    const auto space = first.find(' ');
    const auto last_space = first.rfind(' ');
    if (space == std::string_view::npos || last_space == space) {
        return std::nullopt;
    }
    request.method = first.substr(0, space);
    request.path = first.substr(space + 1, last_space - space - 1);
    request.version = first.substr(last_space + 1);
    std::size_t at = line_end + 2;
    while (at < head.size()) {
        const auto end = std::min(head.find("\r\n", at), head.size());
        const std::string_view line = head.substr(at, end - at);
        const auto colon = line.find(':');
        if (colon == std::string_view::npos) {
            return std::nullopt;
        }
        const auto value = line.find_first_not_of(" \t", colon + 1);
        request.headers.emplace_back(lower(line.substr(0, colon)),
                                     value == std::string_view::npos ? "" : std::string(line.substr(value)));
        at = end + 2;
    }
    return request;
}

}  // namespace

std::string ReceivedRequest::header(std::string_view name) const {
    const auto found = std::find_if(headers.begin(), headers.end(), [&](const auto& h) { return h.first == name; });
    return found == headers.end() ? "" : found->second;
}

Framing take_request(std::string& input, ReceivedRequest& request) {
    if (input.starts_with(kTlsHandshake)) {
        return Framing::tls;
    }
    const auto head_end = input.find("\r\n\r\n");
    if (head_end == std::string::npos) {
        return Framing::incomplete;
    }
    auto head = parse_head(std::string_view(input).substr(0, head_end));
    if (!head) {
        return Framing::not_http;
    }
    const std::string length_text = head->header("content-length");
    const std::size_t length = length_text.empty() ? 0 : std::stoul(length_text);
    const std::size_t body_at = head_end + 4;
    if (input.size() < body_at + length) {
        return Framing::incomplete;
    }
    request = std::move(*head);
    request.body = input.substr(body_at, length);
    input.erase(0, body_at + length);
    return Framing::complete;
}

bool asks_to_close(const ReceivedRequest& request) { return lower(request.header("connection")) == "close"; }

std::string head_of(const Answer& answer, std::uint64_t length) {
    std::string head = fmt::format("HTTP/1.1 {} Status\r\n", answer.status);
    for (const auto& [name, value] : answer.headers) {
        head += fmt::format("{}: {}\r\n", name, value);
    }
    if (answer.status != 204 && answer.status != 304) {
        head += fmt::format("Content-Length: {}\r\n", length);
    }
    return head + "\r\n";
}

}  // namespace moai::test
