// Percent-decoding of paths and query strings.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/problem.hpp"

namespace moai::api {

/// The decoded text; nothing if a '%' is not followed by two hexadecimal digits, or the result is not text (UTF-8, no
/// NUL).
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view raw, bool plus_is_space);

using QueryFields = std::vector<std::pair<std::string, std::string>>;

/// Fills `fields` from "a=b&c=d". The objection, if any: 400 for bad encoding, 422 for a name given twice.
[[nodiscard]] std::optional<Problem> parse_query(std::string_view raw, QueryFields& fields);

/// A JSON object of strings.
[[nodiscard]] std::string query_json(const QueryFields& fields);

}  // namespace moai::api
