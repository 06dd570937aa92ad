// The routes as data: method and pattern, the moai_rest function behind, and what it is given.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace moai::api {

/// Where a parameter of the function comes from.
enum class Source : std::uint8_t { none, id, body, query, idempotency_key, range_first, range_last };

enum class BodyRule : std::uint8_t {
    ignored,          ///< the route reads no body
    object,           ///< one JSON object
    object_or_batch,  ///< one JSON object, or an array of them
    optional_object,  ///< nothing, or one JSON object
    nothing,          ///< nothing, or {}
};

/// What answers: the database, or memory.
enum class Target : std::uint8_t { function, payload, live, ready, metrics };

struct Route {
    std::string_view method;
    std::string_view pattern;  ///< segments, of which {id} takes any text
    Target target;
    std::string_view function;
    std::array<Source, 3> sources;  ///< parameters in order, none at the end
    BodyRule body;
};

[[nodiscard]] std::span<const Route> routes() noexcept;

/// Path segments, still encoded: "/events/%31" gives {"events", "%31"}.
[[nodiscard]] std::vector<std::string_view> path_segments(std::string_view path);

/// All routes (one per method) whose pattern fits the decoded segments.
[[nodiscard]] std::vector<const Route*> routes_at(std::span<const std::string> segments);

/// The one for this method; HEAD is served by GET. Null if there is none.
[[nodiscard]] const Route* route_for(std::span<const Route* const> candidates, std::string_view method) noexcept;

/// The value of an Allow header.
[[nodiscard]] std::string allowed_methods(std::span<const Route* const> candidates);

/// The segment that {id} stands for; empty if the pattern has none.
[[nodiscard]] std::string_view id_of(const Route& route, std::span<const std::string> segments);

}  // namespace moai::api
