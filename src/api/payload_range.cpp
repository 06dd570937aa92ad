// The payload travels from SQL as base64, so that its bytes pass through JSON unharmed.
#include "api/payload_range.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace moai::api {
namespace {

constexpr std::size_t kLongestNumber = 18;  // digits that surely fit into a bigint

bool is_number(std::string_view text) {
    return !text.empty() && text.size() <= kLongestNumber &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

ByteRange parse_range(std::string_view header) {
    constexpr std::string_view kUnit = "bytes=";
    if (!header.starts_with(kUnit)) {
        return {};
    }
    header.remove_prefix(kUnit.size());
    const auto dash = header.find('-');
    if (dash == std::string_view::npos) {
        return {};
    }
    const auto first = header.substr(0, dash);
    const auto last = header.substr(dash + 1);
    const bool sound =
        (first.empty() || is_number(first)) && (last.empty() || is_number(last)) && !(first.empty() && last.empty());
    if (!sound) {
        return {};
    }
    return {first.empty() ? std::nullopt : std::optional<std::string>(first),
            last.empty() ? std::nullopt : std::optional<std::string>(last)};
}

std::optional<std::string> decode_base64(std::string_view text) {
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3);
    std::uint32_t bits = 0;
    int symbols = 0;
    int padding = 0;
    for (const char c : text) {
        if (c == '\n' || c == '\r') {
            continue;
        }
        const auto value = c == '=' ? 0 : kAlphabet.find(c);
        if (value == std::string_view::npos || (padding > 0 && c != '=')) {
            return std::nullopt;
        }
        padding += c == '=' ? 1 : 0;
        bits = (bits << 6U) | static_cast<std::uint32_t>(value);
        if (++symbols % 4 == 0) {
            for (const unsigned shift : {16U, 8U, 0U}) {
                bytes.push_back(static_cast<char>((bits >> shift) & 0xffU));
            }
            bits = 0;
        }
    }
    if (symbols % 4 != 0 || padding > 2) {
        return std::nullopt;
    }
    bytes.resize(bytes.size() - static_cast<std::size_t>(padding));
    return bytes;
}

std::optional<Problem> whole_payload_objection(const std::string& answer) {
    const auto json = nlohmann::json::parse(answer);
    const auto total = json.at("total").get<std::int64_t>();
    const auto given = json.at("last").get<std::int64_t>() + 1;
    if (given == total) {
        return std::nullopt;
    }
    return Problem{.status = 422,
                   .detail = "the payload is too large for one answer, and the request has no range that could be read",
                   .values = fmt::format("total = {} bytes, in one answer = {} bytes", total, given),
                   .hint = fmt::format("Ask for its parts: \"Range: bytes=0-{}\", then from {} on.", given - 1, given)};
}

std::optional<std::string> unsatisfied_range(std::string_view values) {
    constexpr std::string_view kTotal = "total = ";
    const auto found = values.find(kTotal);
    const auto number = found == std::string_view::npos ? std::string_view{} : values.substr(found + kTotal.size());
    const auto digits = number.substr(0, number.find_first_not_of("0123456789"));
    if (digits.empty()) {
        return std::nullopt;
    }
    return fmt::format("bytes */{}", digits);
}

Response payload_response(const std::string& answer) {
    const auto json = nlohmann::json::parse(answer);
    const auto total = json.at("total").get<std::int64_t>();
    const auto first = json.at("first").get<std::int64_t>();
    const auto last = json.at("last").get<std::int64_t>();
    auto bytes = decode_base64(json.at("base64").get<std::string>());
    if (!bytes || last - first + 1 != static_cast<std::int64_t>(bytes->size())) {
        throw std::runtime_error("get_payload answered bytes that do not fit its range");
    }
    Response response;
    response.body = std::move(*bytes);
    response.headers.push_back({"Accept-Ranges", "bytes"});
    if (first != 0 || last + 1 != total) {
        response.status = 206;
        response.headers.push_back({"Content-Range", fmt::format("bytes {}-{}/{}", first, last, total)});
    }
    return response;
}

}  // namespace moai::api
