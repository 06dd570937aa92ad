// From a framed request to an answer: route, check the input, call, map errors. No rule of the domain lives here.
#include "api/router.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "api/error_map.hpp"
#include "api/json_check.hpp"
#include "api/payload_range.hpp"
#include "api/problem.hpp"
#include "api/query.hpp"
#include "api/routes.hpp"
#include "api/utf8.hpp"
#include "pg/pool.hpp"

namespace moai::api {
namespace {

/// A slow reader costs memory for as long as it reads: answers are paged, never long.
constexpr std::size_t kLargestAnswer = 64U << 10;
constexpr std::size_t kLongestIdempotencyKey = 255;
constexpr std::string_view kUnmatched = "unmatched";
/// Of what a problem quotes of the request.
constexpr std::size_t kLongestShown = 256;

/// What a route's function is called with; views the request.
struct Input {
    std::string_view id;
    QueryFields query_fields;
    std::string query;
    std::optional<std::string_view> idempotency_key;
    ByteRange range;
};

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

std::optional<Problem> read_idempotency_key(const Request& request, Input& input) {
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

std::optional<Problem> read_input(const Route& route, const Request& request, Input& input) {
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

std::optional<std::string_view> parameter(Source source, const Request& request, const Input& input) {
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

std::optional<std::vector<std::string>> decoded_segments(std::string_view path) {
    std::vector<std::string> segments;
    for (const std::string_view raw : path_segments(path)) {
        auto segment = percent_decode(raw, false);
        if (!segment) {
            return std::nullopt;
        }
        segments.push_back(std::move(*segment));
    }
    return segments;
}

Response probe_response(Target target, const Probes& probes) {
    if (target == Target::live) {
        return {200, "application/json", R"({"status":"ok"})", {}};
    }
    if (target == Target::metrics) {
        return {200, "text/plain; version=0.0.4; charset=utf-8", probes.metrics(), {}};
    }
    Readiness readiness = probes.ready();
    Response response{readiness.ready ? 200 : 503, "application/json", std::move(readiness.detail), {}};
    if (!readiness.ready) {
        response.headers.push_back({"Retry-After", "1"});
    }
    return response;
}

bool is_probe(const Route& route) {
    return route.target == Target::live || route.target == Target::ready || route.target == Target::metrics;
}

const Route* route_of(const Request& request) {
    const auto segments = decoded_segments(request.path);
    return segments ? route_for(routes_at(*segments), request.method) : nullptr;
}

Problem outcome_unknown(const Route& route, const Input& input) {
    Problem problem{
        .status = 503,
        .code = "outcome_unknown",
        .detail = "the connection to the database broke before it confirmed: the change may have been made"};
    if (route.function != "publish") {
        problem.hint = "Look whether it was made before repeating.";
    } else if (input.idempotency_key) {
        problem.hint = "Repeat the request with the same idempotency key.";
    } else {
        problem.hint =
            "It may have been published; look at GET /events before repeating. Only events that have an "
            "idempotency_key in the body can be repeated as they are.";
    }
    return problem;
}

Problem unreadable_path(const Request& request) {
    return {.status = 400,
            .detail = "the path is not percent-encoded UTF-8 text",
            .values = "path = " + shortened(request.path, kLongestShown),
            .hint =
                "Write each byte of UTF-8 that is no letter, digit, \"-\", \".\", \"_\" or \"~\" as % and two "
                "hexadecimal digits."};
}

Problem nothing_there(const Request& request) {
    return {.status = 404,
            .detail = "there is nothing at this path",
            .values = "path = " + shortened(request.path, kLongestShown),
            .hint = "Paths begin with /events, /subscriptions, /deliveries, /dead-letters, /health or /metrics."};
}

Problem wrong_method(const Request& request, std::string_view allowed) {
    return {.status = 405,
            .detail = "this path does not take this method",
            .values = fmt::format("method = {}, path = {}", shortened(request.method, kLongestShown),
                                  shortened(request.path, kLongestShown)),
            .hint = fmt::format("Allowed: {}.", allowed)};
}

}  // namespace

/// An answer and the pattern it is counted under.
struct Router::Outcome {
    Response response;
    std::string_view route;
};

Router::Router(RestBackend& backend, Probes probes, RouterOptions options)
    : backend_(backend), probes_(std::move(probes)), options_(std::move(options)) {}

bool Router::answers_at_once(const Request& request) {
    const Route* route = route_of(request);
    return route != nullptr && is_probe(*route);
}

bool Router::body_optional(const Request& request) {
    const Route* route = route_of(request);
    return route != nullptr && (route->body == BodyRule::optional_object || route->body == BodyRule::nothing);
}

Response Router::handle(const Request& request) const {
    const auto begin = std::chrono::steady_clock::now();
    Outcome outcome = answer(request);
    if (outcome.response.body.size() > kLargestAnswer) {
        if (options_.on_internal_error) {
            options_.on_internal_error(request.request_id,
                                       fmt::format("{} {} made an answer of {} bytes", request.method, outcome.route,
                                                   outcome.response.body.size()));
        }
        outcome.response =
            problem_response({.status = 500, .detail = "the answer is too large; ask for less"}, request.request_id);
    }
    if (options_.on_request) {
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
        options_.on_request(outcome.route, request.method, outcome.response.status, took.count());
    }
    return std::move(outcome.response);
}

Router::Outcome Router::answer(const Request& request) const {
    const auto log = [&](std::string_view route, const std::string& what) {
        if (options_.on_internal_error) {
            options_.on_internal_error(request.request_id, fmt::format("{} {}: {}", request.method, route, what));
        }
    };
    const auto refused = [&](std::string_view route, const Problem& problem) {
        return Outcome{problem_response(problem, request.request_id), route};
    };
    const auto segments = decoded_segments(request.path);
    if (!segments) {
        return refused(kUnmatched, unreadable_path(request));
    }
    const auto candidates = routes_at(*segments);
    if (candidates.empty()) {
        return refused(kUnmatched, nothing_there(request));
    }
    const Route* route = route_for(candidates, request.method);
    if (route == nullptr) {
        std::string allowed = allowed_methods(candidates);
        Outcome outcome = refused(candidates.front()->pattern, wrong_method(request, allowed));
        outcome.response.headers.push_back({"Allow", std::move(allowed)});
        return outcome;
    }
    if (is_probe(*route)) {
        return {probe_response(route->target, probes_), route->pattern};
    }
    Input input;
    input.id = id_of(*route, *segments);
    if (const auto problem = read_input(*route, request, input)) {
        return refused(route->pattern, *problem);
    }
    store::RestCall call{route->function, {}, route->method != "GET"};
    for (const Source source : route->sources) {
        if (source != Source::none) {
            call.params.push_back(parameter(source, request, input));
        }
    }
    try {
        store::RestAnswer answer = backend_.call(call);
        if (route->target == Target::payload) {
            const bool in_parts = input.range.first || input.range.last;
            if (const auto problem = in_parts ? std::nullopt : whole_payload_objection(answer.body)) {
                return refused(route->pattern, *problem);
            }
            return {payload_response(answer.body), route->pattern};
        }
        return {Response{answer.status, "application/json", std::move(answer.body), {}}, route->pattern};
    } catch (const store::OutcomeUnknown& error) {
        log(route->pattern, fmt::format("outcome unknown: {}", error.what()));
        return refused(route->pattern, outcome_unknown(*route, input));
    } catch (const pg::PoolExhausted&) {
        return refused(route->pattern,
                       {.status = 503, .code = "busy", .detail = "all database connections are in use; try again"});
    } catch (const pg::Error& error) {
        const Problem problem = problem_of(error);
        if (problem.status >= 500) {
            log(route->pattern, fmt::format("{} {} {}", error.sqlstate(), error.what(), error.detail()));
        }
        Outcome outcome = refused(route->pattern, problem);
        if (auto range = problem.status == 416 ? unsatisfied_range(problem.values) : std::nullopt) {
            outcome.response.headers.push_back({"Content-Range", std::move(*range)});
        }
        return outcome;
    }
}

}  // namespace moai::api
