// Decides whether a text from outside (a request's body, a line of a file) is JSON that SQL may safely be given. Reads
// only: SQL gets the bytes as they came.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "api/problem.hpp"

namespace moai::api {

struct JsonRules {
    std::string_view subject = "the body";  ///< what the text is to its writer, for messages
    bool array_allowed = false;             ///< a top-level array is a batch of envelopes
    bool fields_allowed = true;             ///< false: only {} is taken
    std::size_t max_items = 1'000;          ///< of a top-level array; it may not be empty either
    std::size_t max_fields = 64;            ///< of an envelope
    std::size_t max_depth = 512;            ///< nesting of the value of any field of an envelope
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

/// The fields of an object, unescaped, and where in the text the value of each begins.
using JsonFields = std::unordered_map<std::string, std::size_t>;
/// The same for an object whose fields are of interest: `fields` is filled if there is no objection.
[[nodiscard]] std::optional<Problem> check_json(std::string_view body, const JsonRules& rules, JsonFields& fields);

}  // namespace moai::api
