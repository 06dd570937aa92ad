// Decides whether a request body is JSON that SQL may safely be given. Reads only: SQL gets the client's own bytes.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "api/problem.hpp"

namespace moai::api {

struct JsonRules {
    bool array_allowed = false;     ///< a top-level array is a batch of envelopes
    bool fields_allowed = true;     ///< false: only {} is taken
    std::size_t max_items = 1'000;  ///< of a top-level array; it may not be empty either
    std::size_t max_fields = 64;    ///< of an envelope
    std::size_t max_depth = 512;    ///< nesting of the value of any field of an envelope
    /// The same in a batch: there SQL refuses the one item that is deeper than max_depth, and takes the others. More
    /// than this would bring PostgreSQL's own parser near the end of its stack, so the batch is refused whole.
    std::size_t max_depth_in_batch = 2'000;
};

/// The first objection, or none: 400 (with the byte's offset) for what is not one JSON text in UTF-8, 422 for a wrong
/// top-level kind, a batch of wrong size, a field given twice, too many fields, or a value nested too deep. Names of
/// fields are cut to 64 bytes in it: they are the client's, and may be as long as the body.
/// Linear in the body, no recursion; stops at the first byte that is too deep. Takes, for SQL to judge, everything the
/// grammar of RFC 8259 takes: \u0000, lone surrogates and numbers of any size.
[[nodiscard]] std::optional<Problem> check_json(std::string_view body, const JsonRules& rules);

}  // namespace moai::api
