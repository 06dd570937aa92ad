// The REST API: a table of routes, each of which checks its input and calls one moai_rest function.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/request.hpp"
#include "store/rest_backend.hpp"

namespace moai::api {

using RestBackend = store::RestBackend;

struct Readiness {
    bool ready = false;
    std::string detail = "{}";  ///< a JSON object
};

/// What health and metrics answer, from memory: none of these may wait for anything.
struct Probes {
    std::function<Readiness()> ready;
    std::function<std::string()> metrics;  ///< Prometheus text format
};

struct RouterOptions {
    /// Told of each answered request: route is the pattern ("/events/{id}"), or "unmatched".
    std::function<void(std::string_view route, std::string_view method, int status, double seconds)> on_request;
    /// Told what a client must not see: the server's text behind a 5xx, an unknown outcome's included, or an answer
    /// that was too large.
    std::function<void(std::string_view request_id, std::string_view text)> on_internal_error;
};

/// An api::Handler: give the server [&router](const Request& r) { return router.handle(r); }. Safe from any thread.
class Router {
public:
    /// The backend must outlive this.
    Router(RestBackend& backend, Probes probes, RouterOptions options = {});

    /// Answers every request; exceptions of the backend become problem+json.
    [[nodiscard]] Response handle(const Request& request) const;

    /// An api::GroupHandler: answers several requests that go_in_group() by one transaction.
    [[nodiscard]] std::vector<GroupAnswer> handle_group(std::span<const Request* const> requests) const;

    /// The request publishes one event: see http::ServerOptions::goes_in_group.
    [[nodiscard]] static bool goes_in_group(const Request& request);
    /// The request is answered from memory (probes): see http::ServerOptions::answers_at_once.
    [[nodiscard]] static bool answers_at_once(const Request& request);
    /// The request needs no body (pause, retry, ...): see http::ServerOptions::body_optional.
    [[nodiscard]] static bool body_optional(const Request& request);

private:
    struct Outcome;
    struct Prepared;
    using SteadyTime = std::chrono::steady_clock::time_point;

    [[nodiscard]] std::variant<Outcome, Prepared> prepare(const Request& request) const;
    [[nodiscard]] Outcome call(const Request& request, const Prepared& prepared) const;
    [[nodiscard]] Outcome current_exception_outcome(const Request& request, const Prepared& prepared) const;
    [[nodiscard]] Outcome error_outcome(const Request& request, const Prepared& prepared, const pg::Error& error) const;
    [[nodiscard]] Response finished(const Request& request, Outcome outcome, SteadyTime begin) const;
    void tell(const Request& request, std::string_view route, const std::string& what) const;

    RestBackend& backend_;
    Probes probes_;
    RouterOptions options_;
};

}  // namespace moai::api
