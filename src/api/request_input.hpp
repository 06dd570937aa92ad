// What a request gives to the function of its route: checked, and still the client's own bytes.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "api/payload_range.hpp"
#include "api/problem.hpp"
#include "api/query.hpp"
#include "api/request.hpp"
#include "api/routes.hpp"

namespace moai::api {

/// What a route's function is called with. Views the request and the segments of its path.
struct RequestInput {
    std::string_view id;
    QueryFields query_fields;
    std::string query;
    std::optional<std::string_view> idempotency_key;
    ByteRange range;
};

/// Reads what `route` takes of the request into `input`: the first objection, or none.
[[nodiscard]] std::optional<Problem> read_input(const Route& route, const Request& request,
                                                std::span<const std::string> segments, RequestInput& input);

/// The value of one parameter, nothing for NULL. REQUIRES: `input` was read from `request` without objection.
[[nodiscard]] std::optional<std::string_view> parameter(Source source, const Request& request,
                                                        const RequestInput& input);

}  // namespace moai::api
