// The one shape in which errors leave moai: application/problem+json (RFC 9457) with code and request_id.
#pragma once

#include <string>
#include <string_view>

#include "api/request.hpp"

namespace moai::api {

struct Problem {
    int status = 500;
    std::string code =
        {};  ///< an SQLSTATE such as "MO422", or a word such as "outcome_unknown"; empty: "MO" and the status
    std::string detail = {};  ///< for people
    std::string values = {};  ///< the offending values, left out if empty
    std::string hint = {};    ///< the next step, left out if empty
};

/// "Not Found" for 404; "Unknown" for what has no registered phrase.
[[nodiscard]] std::string_view reason_phrase(int status) noexcept;

/// The JSON text, shorter than 64 KiB: detail, values and hint are cut to 2 KiB each. Bytes that are not UTF-8 are
/// replaced, never thrown at.
[[nodiscard]] std::string problem_json(const Problem& problem, std::string_view request_id);

/// The whole answer; 503 carries Retry-After: 1.
[[nodiscard]] Response problem_response(const Problem& problem, std::string_view request_id);

}  // namespace moai::api
