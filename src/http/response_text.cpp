// Always HTTP/1.1 in the status line, as RFC 9110 asks also towards 1.0 clients.
#include "http/response_text.hpp"

#include <algorithm>

#include "api/problem.hpp"
#include "http/token.hpp"

namespace moai::http {
namespace {

bool safe_value(std::string_view value) {
    return std::all_of(value.begin(), value.end(),
                       [](char c) { return static_cast<unsigned char>(c) >= ' ' && c != 0x7f; });
}

void add(std::string& text, std::string_view name, std::string_view value) {
    if (is_token(name) && safe_value(value)) {
        text.append(name).append(": ").append(value).append("\r\n");
    }
}

}  // namespace

std::string response_text(const api::Response& response, const ResponseFraming& framing) {
    std::string text;
    text.reserve(256 + response.body.size());
    text.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
    text.append(api::reason_phrase(response.status)).append("\r\n");
    const bool bodyless = response.status == 204 || response.status == 304;
    if (!bodyless) {
        add(text, "Content-Type", response.content_type);
        add(text, "Content-Length", std::to_string(response.body.size()));
    }
    add(text, "Connection", framing.keep_alive ? "keep-alive" : "close");
    add(text, "X-Request-Id", framing.request_id);
    for (const auto& [name, value] : response.headers) {
        add(text, name, value);
    }
    text.append("\r\n");
    if (!bodyless && !framing.head_only) {
        text.append(response.body);
    }
    return text;
}

}  // namespace moai::http
