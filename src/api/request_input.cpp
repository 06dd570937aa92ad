#include "api/request_input.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/json_check.hpp"
#include "api/utf8.hpp"

namespace moai::api {
namespace {

constexpr std::size_t kLongestIdempotencyKey = 255;
/// Of what a problem quotes of the request.
constexpr std::size_t kLongestShown = 256;

bool takes(const Route& route, Source source) {
    return std::find(route.sources.begin(), route.sources.end(), source) != route.sources.end();
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    return first == std::string_view::npos ? std::string_view{}
                                           : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return result;
}

/// application/json, with no charset but UTF-8.
bool is_json_type(const std::string* content_type) {
    if (content_type == nullptr) {
        return false;
    }
    std::string_view rest = *content_type;
    const auto type_end = rest.find(';');
    if (lower(trimmed(rest.substr(0, type_end))) != "application/json") {
        return false;
    }
    while (rest.find(';') != std::string_view::npos) {
        rest.remove_prefix(rest.find(';') + 1);
        const std::string parameter = lower(trimmed(rest.substr(0, rest.find(';'))));
        if (parameter.starts_with("charset=") && parameter != "charset=utf-8" && parameter != "charset=\"utf-8\"") {
            return false;
        }
    }
    return true;
}

std::optional<Problem> check_body(const Route& route, const Request& request) {
    const bool may_be_empty = route.body == BodyRule::optional_object || route.body == BodyRule::nothing;
    if (route.body == BodyRule::ignored || (may_be_empty && request.body.empty())) {
        return std::nullopt;
    }
    if (!request.body.empty() && !is_json_type(request.header("content-type"))) {
        const std::string* type = request.header("content-type");
        return Problem{
            .status = 415,
            .detail = "the body must be JSON in UTF-8, and say so",
            .values = type == nullptr ? "no Content-Type" : "Content-Type = " + shortened(*type, kLongestShown),
            .hint = "Send it with Content-Type: application/json."};
    }
    JsonRules rules;
    rules.array_allowed = route.body == BodyRule::object_or_batch;
    rules.fields_allowed = route.body != BodyRule::nothing;
    return check_json(request.body, rules);
}

std::optional<Problem> read_idempotency_key(const Request& request, RequestInput& input) {
    for (const Header& header : request.headers) {
        if (header.name != "idempotency-key") {
            continue;
        }
        if (input.idempotency_key) {
            return Problem{.status = 422,
                           .detail = "the Idempotency-Key header is given twice",
                           .values = fmt::format("Idempotency-Key = {}, Idempotency-Key = {}",
                                                 shortened(*input.idempotency_key, kLongestShown),
                                                 shortened(header.value, kLongestShown)),
                           .hint = "Give one key for the request; in an array, give each item its idempotency_key."};
        }
        if (!is_text(header.value) || header.value.empty() || count_characters(header.value) > kLongestIdempotencyKey) {
            return Problem{
                .status = 422,
                .detail = fmt::format("Idempotency-Key must be 1 to {} characters of UTF-8", kLongestIdempotencyKey),
                .values = fmt::format("Idempotency-Key = {} ({} bytes)", shortened(header.value, kLongestShown),
                                      header.value.size()),
                .hint = "Take a UUID, or the hash of what makes the event one of its kind."};
        }
        input.idempotency_key = header.value;
    }
    return std::nullopt;
}

}  // namespace

std::optional<Problem> read_input(const Route& route, const Request& request, std::span<const std::string> segments,
                                  RequestInput& input) {
    input.id = id_of(route, segments);
    if (auto problem = parse_query(request.query, input.query_fields)) {
        return problem;
    }
    if (takes(route, Source::query)) {
        input.query = query_json(input.query_fields);
    } else if (!input.query_fields.empty()) {
        return Problem{.status = 422,
                       .detail = "this request takes no query parameters",
                       .values = shortened(input.query_fields.front().first, kLongestShown),
                       .hint = "Leave them out."};
    }
    if (takes(route, Source::range_first)) {
        if (const std::string* range = request.header("range")) {
            input.range = parse_range(*range);
        }
    }
    if (takes(route, Source::idempotency_key)) {
        if (auto problem = read_idempotency_key(request, input)) {
            return problem;
        }
    }
    return check_body(route, request);
}

std::optional<std::string_view> parameter(Source source, const Request& request, const RequestInput& input) {
    switch (source) {
        case Source::id: return input.id;
        case Source::body: return request.body.empty() ? std::string_view("{}") : std::string_view(request.body);
        case Source::query: return input.query;
        case Source::idempotency_key: return input.idempotency_key;
        case Source::range_first: return input.range.first;
        case Source::range_last: return input.range.last;
        case Source::none: break;
    }
    return std::nullopt;
}

}  // namespace moai::api
