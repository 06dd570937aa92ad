// Two dozen rows: a linear search costs less than the hash of a path.
#include "api/routes.hpp"

#include <algorithm>

namespace moai::api {
namespace {

using enum Source;

constexpr std::string_view kId = "{id}";

constexpr std::array kRoutes{
    Route{"POST", "/events", Target::function, "publish", {body, idempotency_key}, BodyRule::object_or_batch},
    Route{"GET", "/events", Target::function, "list_events", {query}, BodyRule::ignored},
    Route{"GET", "/events/{id}", Target::function, "get_event", {id}, BodyRule::ignored},
    Route{"GET",
          "/events/{id}/payload",
          Target::payload,
          "get_payload",
          {id, range_first, range_last},
          BodyRule::ignored},
    Route{"GET", "/events/{id}/deliveries", Target::function, "list_event_deliveries", {id, query}, BodyRule::ignored},

    Route{"POST", "/subscriptions", Target::function, "create_subscription", {body}, BodyRule::object},
    Route{"GET", "/subscriptions", Target::function, "list_subscriptions", {query}, BodyRule::ignored},
    Route{"GET", "/subscriptions/{id}", Target::function, "get_subscription", {id}, BodyRule::ignored},
    Route{"PATCH", "/subscriptions/{id}", Target::function, "update_subscription", {id, body}, BodyRule::object},
    Route{"DELETE", "/subscriptions/{id}", Target::function, "delete_subscription", {id}, BodyRule::ignored},
    Route{"POST",
          "/subscriptions/{id}/pause",
          Target::function,
          "pause_subscription",
          {id, body},
          BodyRule::optional_object},
    Route{"POST",
          "/subscriptions/{id}/resume",
          Target::function,
          "resume_subscription",
          {id, body},
          BodyRule::optional_object},

    Route{"POST",
          "/subscriptions/{id}/rotate-secret",
          Target::function,
          "rotate_secret",
          {id, body},
          BodyRule::optional_object},

    Route{"GET", "/deliveries", Target::function, "list_deliveries", {query}, BodyRule::ignored},
    Route{"GET", "/deliveries/{id}", Target::function, "get_delivery", {id}, BodyRule::ignored},
    Route{"GET", "/deliveries/{id}/attempts", Target::function, "list_attempts", {id, query}, BodyRule::ignored},
    Route{"POST", "/deliveries/{id}/retry", Target::function, "retry_delivery", {id}, BodyRule::nothing},
    Route{"POST", "/deliveries/{id}/cancel", Target::function, "cancel_delivery", {id}, BodyRule::nothing},

    Route{"GET", "/dead-letters", Target::function, "list_dead_letters", {query}, BodyRule::ignored},
    Route{"POST", "/dead-letters/redrive", Target::function, "redrive_dead_letters", {body}, BodyRule::optional_object},
    Route{"DELETE", "/dead-letters/{id}", Target::function, "discard_dead_letter", {id}, BodyRule::ignored},

    Route{"GET", "/health", Target::ready, "", {}, BodyRule::ignored},
    Route{"GET", "/health/live", Target::live, "", {}, BodyRule::ignored},
    Route{"GET", "/health/ready", Target::ready, "", {}, BodyRule::ignored},
    Route{"GET", "/metrics", Target::metrics, "", {}, BodyRule::ignored},
};

bool fits(std::string_view pattern, std::span<const std::string> segments) {
    const auto parts = path_segments(pattern);
    return std::equal(parts.begin(), parts.end(), segments.begin(), segments.end(),
                      [](std::string_view part, const std::string& segment) {
                          return part == kId ? !segment.empty() : part == segment;
                      });
}

}  // namespace

std::span<const Route> routes() noexcept { return kRoutes; }

std::vector<std::string_view> path_segments(std::string_view path) {
    std::vector<std::string_view> segments;
    while (!path.empty()) {
        path.remove_prefix(1);  // the slash
        const auto slash = path.find('/');
        segments.push_back(path.substr(0, slash));
        path.remove_prefix(slash == std::string_view::npos ? path.size() : slash);
    }
    return segments;
}

std::vector<const Route*> routes_at(std::span<const std::string> segments) {
    std::vector<const Route*> found;
    for (const Route& route : kRoutes) {
        if (fits(route.pattern, segments)) {
            found.push_back(&route);
        }
    }
    return found;
}

const Route* route_for(std::span<const Route* const> candidates, std::string_view method) noexcept {
    const std::string_view wanted = method == "HEAD" ? "GET" : method;
    const auto found =
        std::find_if(candidates.begin(), candidates.end(), [&](const Route* route) { return route->method == wanted; });
    return found == candidates.end() ? nullptr : *found;
}

std::string allowed_methods(std::span<const Route* const> candidates) {
    std::string allowed;
    for (const Route* route : candidates) {
        allowed.append(allowed.empty() ? "" : ", ")
            .append(route->method)
            .append(route->method == "GET" ? ", HEAD" : "");
    }
    return allowed;
}

std::string_view id_of(const Route& route, std::span<const std::string> segments) {
    const auto parts = path_segments(route.pattern);
    const auto found = std::find(parts.begin(), parts.end(), kId);
    return found == parts.end() ? std::string_view{} : segments[static_cast<std::size_t>(found - parts.begin())];
}

}  // namespace moai::api
