// GET /events/{id}/payload: byte ranges in, bytes out.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/problem.hpp"
#include "api/request.hpp"

namespace moai::api {

struct ByteRange {
    std::optional<std::string> first;  ///< decimal
    std::optional<std::string> last;   ///< decimal and inclusive; without a first: how many bytes from the end
};

/// Reads "bytes=0-99", "bytes=100-" and "bytes=-50". Any other form (several ranges, another unit) may be ignored by
/// RFC 9110, and is.
[[nodiscard]] ByteRange parse_range(std::string_view header);

/// Nothing if `text` is not base64. Line breaks inside are skipped (PostgreSQL's encode() makes them).
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);

/// Turns {"total":N,"first":F,"last":L,"base64":...} into 200 with the whole payload, or 206 with a part of it.
/// Throws std::runtime_error if `answer` has another form.
[[nodiscard]] Response payload_response(const std::string& answer);

/// The objection (422) to handing out `answer` to somebody who asked for the whole payload, if it is only a part: a
/// client that asked for no range would take the part for the whole. Throws as payload_response().
[[nodiscard]] std::optional<Problem> whole_payload_objection(const std::string& answer);

/// The Content-Range of a 416: "bytes */N", N being the total that get_payload's MO416 names in its `values`, if it
/// does.
[[nodiscard]] std::optional<std::string> unsatisfied_range(std::string_view values);

}  // namespace moai::api
