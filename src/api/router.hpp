// The REST API: a table of routes, each of which checks its input and calls one moai_rest function.
#pragma once

#include <functional>
#include <string>
#include <string_view>

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

    /// The request is answered from memory (probes): see http::ServerOptions::answers_at_once.
    [[nodiscard]] static bool answers_at_once(const Request& request);
    /// The request needs no body (pause, retry, ...): see http::ServerOptions::body_optional.
    [[nodiscard]] static bool body_optional(const Request& request);

private:
    struct Outcome;
    [[nodiscard]] Outcome answer(const Request& request) const;

    RestBackend& backend_;
    Probes probes_;
    RouterOptions options_;
};

}  // namespace moai::api
