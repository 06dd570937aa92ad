// application/x-www-form-urlencoded, as browsers and curl --data-urlencode write it.
#include "api/query.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/json_string.hpp"
#include "api/utf8.hpp"

namespace moai::api {
namespace {

constexpr std::size_t kLongestShown = 64;

}  // namespace

std::optional<std::string> percent_decode(std::string_view raw, bool plus_is_space) {
    std::string text;
    text.reserve(raw.size());
    for (std::size_t i = 0; i < raw.size(); ++i) {
        if (raw[i] == '%') {
            const int high = i + 2 < raw.size() ? hex_value(raw[i + 1]) : -1;
            const int low = i + 2 < raw.size() ? hex_value(raw[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return std::nullopt;
            }
            text.push_back(static_cast<char>(high * 16 + low));
            i += 2;
        } else {
            text.push_back(plus_is_space && raw[i] == '+' ? ' ' : raw[i]);
        }
    }
    if (!is_text(text)) {
        return std::nullopt;
    }
    return text;
}

std::optional<Problem> parse_query(std::string_view raw, QueryFields& fields) {
    while (!raw.empty()) {
        const auto end = raw.find('&');
        const auto piece = raw.substr(0, end);
        raw.remove_prefix(end == std::string_view::npos ? raw.size() : end + 1);
        if (piece.empty()) {
            continue;
        }
        const auto equals = piece.find('=');
        auto name = percent_decode(piece.substr(0, equals), true);
        auto value =
            percent_decode(equals == std::string_view::npos ? std::string_view{} : piece.substr(equals + 1), true);
        if (!name || !value) {
            return Problem{
                .status = 400,
                .detail = "a query parameter is not percent-encoded UTF-8 text",
                .values = shortened(piece, kLongestShown),
                .hint = "Write each byte of UTF-8 that is no letter or digit as % and two hexadecimal digits."};
        }
        if (std::any_of(fields.begin(), fields.end(), [&](const auto& field) { return field.first == *name; })) {
            const std::string shown = shortened(*name, kLongestShown);
            return Problem{.status = 422,
                           .detail = "the query parameter " + shown + " is given twice",
                           .values = shown,
                           .hint = "Give it once."};
        }
        fields.emplace_back(std::move(*name), std::move(*value));
    }
    return std::nullopt;
}

std::string query_json(const QueryFields& fields) {
    nlohmann::ordered_json json = nlohmann::ordered_json::object();
    for (const auto& [name, value] : fields) {
        json.push_back({name, value});
    }
    return json.dump();
}

}  // namespace moai::api
