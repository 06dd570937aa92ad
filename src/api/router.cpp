// From a framed request to an answer: route, check the input, call, map errors. No rule of the domain lives here.
#include "api/router.hpp"

#include <fmt/format.h>

#include <chrono>
#include <exception>
#include <optional>
#include <utility>

#include "api/error_map.hpp"
#include "api/payload_range.hpp"
#include "api/problem.hpp"
#include "api/query.hpp"
#include "api/request_input.hpp"
#include "api/routes.hpp"
#include "api/utf8.hpp"
#include "pg/pool.hpp"

namespace moai::api {
namespace {

/// A slow reader costs memory for as long as it reads: answers are paged, never long.
constexpr std::size_t kLargestAnswer = 64U << 10;
constexpr std::string_view kUnmatched = "unmatched";
/// Of what a problem quotes of the request.
constexpr std::size_t kLongestShown = 256;

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

Problem outcome_unknown(const Route& route, const RequestInput& input) {
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

/// A request in order, which a function of the database answers.
struct Router::Prepared {
    const Route* route = nullptr;
    std::vector<std::string> segments;  ///< what input views
    RequestInput input;
};

Router::Router(RestBackend& backend, Probes probes, RouterOptions options)
    : backend_(backend), probes_(std::move(probes)), options_(std::move(options)) {}

bool Router::goes_in_group(const Request& request) {
    const auto begin = request.body.find_first_not_of(" \t\r\n");
    if (request.method != "POST" || begin == std::string::npos || request.body[begin] != '{') {
        return false;
    }
    const Route* route = route_of(request);
    return route != nullptr && route->function == "publish";
}

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
    auto prepared = prepare(request);
    if (auto* outcome = std::get_if<Outcome>(&prepared)) {
        return finished(request, std::move(*outcome), begin);
    }
    return finished(request, call(request, std::get<Prepared>(prepared)), begin);
}

std::vector<GroupAnswer> Router::handle_group(std::span<const Request* const> requests) const {
    const auto begin = std::chrono::steady_clock::now();
    std::vector<std::variant<Outcome, Prepared>> prepared;
    prepared.reserve(requests.size());
    std::vector<store::PublishItem> items;
    for (const Request* request : requests) {
        prepared.push_back(prepare(*request));
        if (const auto* good = std::get_if<Prepared>(&prepared.back())) {
            items.push_back({request->body, good->input.idempotency_key});
        }
    }
    std::vector<store::PublishAnswer> answers;
    std::exception_ptr failure;
    try {
        if (!items.empty()) {
            answers = backend_.publish_group(items);
        }
    } catch (...) {
        failure = std::current_exception();  // each is told in its own words
    }
    std::vector<GroupAnswer> responses(requests.size());
    auto answer = answers.begin();
    for (std::size_t i = 0; i < requests.size(); ++i) {
        const Request& request = *requests[i];
        if (auto* outcome = std::get_if<Outcome>(&prepared[i])) {
            responses[i].response = finished(request, std::move(*outcome), begin);
            continue;
        }
        const auto& good = std::get<Prepared>(prepared[i]);
        if (failure) {
            try {
                std::rethrow_exception(failure);
            } catch (...) {
                responses[i].response = finished(request, current_exception_outcome(request, good), begin);
            }
            continue;
        }
        if (auto* published = std::get_if<store::RestAnswer>(&*answer)) {
            Response response{published->status, "application/json", std::move(published->body), {}};
            responses[i].response = finished(request, {std::move(response), good.route->pattern}, begin);
        } else if (const auto* error = std::get_if<pg::Error>(&*answer)) {
            responses[i].response = finished(request, error_outcome(request, good, *error), begin);
        } else if (const auto* held = std::get_if<store::PublishHeld>(&*answer)) {
            responses[i].if_too_many_wait = [this, &request, good, error = held->error, begin] {
                return finished(request, error_outcome(request, good, error), begin);
            };
        }
        ++answer;
    }
    return responses;
}

/// What every answer goes through last.
Response Router::finished(const Request& request, Outcome outcome, SteadyTime begin) const {
    if (outcome.response.body.size() > kLargestAnswer) {
        tell(request, outcome.route, fmt::format("made an answer of {} bytes", outcome.response.body.size()));
        outcome.response =
            problem_response({.status = 500, .detail = "the answer is too large; ask for less"}, request.request_id);
    }
    if (options_.on_request) {
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
        options_.on_request(outcome.route, request.method, outcome.response.status, took.count());
    }
    return std::move(outcome.response);
}

void Router::tell(const Request& request, std::string_view route, const std::string& what) const {
    if (options_.on_internal_error) {
        options_.on_internal_error(request.request_id, fmt::format("{} {}: {}", request.method, route, what));
    }
}

std::variant<Router::Outcome, Router::Prepared> Router::prepare(const Request& request) const {
    const auto refused = [&](std::string_view route, const Problem& problem) {
        return Outcome{problem_response(problem, request.request_id), route};
    };
    auto segments = decoded_segments(request.path);
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
        return Outcome{probe_response(route->target, probes_), route->pattern};
    }
    Prepared prepared{route, std::move(*segments), {}};
    if (const auto problem = read_input(*route, request, prepared.segments, prepared.input)) {
        return refused(route->pattern, *problem);
    }
    return prepared;
}

Router::Outcome Router::call(const Request& request, const Prepared& prepared) const {
    const auto& [route, segments, input] = prepared;
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
                return {problem_response(*problem, request.request_id), route->pattern};
            }
            return {payload_response(answer.body), route->pattern};
        }
        return {Response{answer.status, "application/json", std::move(answer.body), {}}, route->pattern};
    } catch (...) {
        return current_exception_outcome(request, prepared);
    }
}

/// What the backend threw, as an answer; anything that it does not throw by contract goes on to the server.
/// REQUIRES: called while an exception is handled.
Router::Outcome Router::current_exception_outcome(const Request& request, const Prepared& prepared) const {
    const auto& pattern = prepared.route->pattern;
    try {
        throw;
    } catch (const store::OutcomeUnknown& error) {
        tell(request, pattern, fmt::format("outcome unknown: {}", error.what()));
        return {problem_response(outcome_unknown(*prepared.route, prepared.input), request.request_id), pattern};
    } catch (const pg::PoolExhausted&) {
        const Problem busy{.status = 503, .code = "busy", .detail = "all database connections are in use; try again"};
        return {problem_response(busy, request.request_id), pattern};
    } catch (const pg::Error& error) {
        return error_outcome(request, prepared, error);
    }
}

Router::Outcome Router::error_outcome(const Request& request, const Prepared& prepared, const pg::Error& error) const {
    const auto& pattern = prepared.route->pattern;
    const Problem problem = problem_of(error);
    if (problem.status >= 500) {
        tell(request, pattern, fmt::format("{} {} {}", error.sqlstate(), error.what(), error.detail()));
    }
    Outcome outcome{problem_response(problem, request.request_id), pattern};
    if (auto range = problem.status == 416 ? unsatisfied_range(problem.values) : std::nullopt) {
        outcome.response.headers.push_back({"Content-Range", std::move(*range)});
    }
    return outcome;
}

}  // namespace moai::api
