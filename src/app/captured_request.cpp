#include "app/captured_request.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace moai::app {
namespace {

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(text.begin(), text.end(), result.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
    return result;
}

std::string_view trimmed(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t");
    return begin == std::string_view::npos ? "" : text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// The next line, without its end, which is taken off `text` with it. Throws NotARequest if there is none.
std::string_view take_line(std::string_view& text) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) {
        throw NotARequest("there is no empty line between the headers and the body");
    }
    const std::string_view line = text.substr(0, end > 0 && text[end - 1] == '\r' ? end - 1 : end);
    text.remove_prefix(end + 1);
    return line;
}

std::string body_of(const CapturedRequest& request, std::string_view rest) {
    if (!request.header("transfer-encoding").empty()) {
        throw NotARequest("its body is in chunks (Transfer-Encoding); capture it as the server's code gets it");
    }
    const std::string announced = request.header("content-length");
    if (announced.empty()) {
        return std::string(rest);
    }
    std::size_t length = 0;
    const auto [end, error] = std::from_chars(announced.data(), announced.data() + announced.size(), length);
    if (error != std::errc() || end != announced.data() + announced.size()) {
        throw NotARequest(fmt::format("its Content-Length is no number: {}", announced));
    }
    if (rest.size() < length) {
        throw NotARequest(
            fmt::format("it has {} of the {} bytes that its Content-Length announces", rest.size(), length));
    }
    return std::string(rest.substr(0, length));  // an editor's line end, or the next request, may follow
}

}  // namespace

std::string CapturedRequest::header(std::string_view name) const {
    std::string values;
    for (const auto& [one, value] : headers) {
        if (one == name) {
            values += (values.empty() ? "" : " ") + value;
        }
    }
    return values;
}

CapturedRequest parse_captured_request(std::string_view text) {
    CapturedRequest request;
    std::string_view line = take_line(text);
    // "POST /hook HTTP/1.1"; a header has no space before its colon.
    if (line.find(" HTTP/") != std::string_view::npos && line.find(' ') < line.find(':')) {
        line = take_line(text);
    }
    for (; !line.empty(); line = take_line(text)) {
        const auto colon = line.find(':');
        if (colon == std::string_view::npos || colon == 0 || line.find_first_of(" \t") < colon) {
            throw NotARequest(fmt::format("\"{}\" is not a header", line.substr(0, 100)));
        }
        request.headers.emplace_back(lower(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
    }
    request.body = body_of(request, text);
    return request;
}

}  // namespace moai::app
