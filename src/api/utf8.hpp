// Well-formed UTF-8 (Unicode 15, table 3-7), byte by byte.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace moai::api {

/// Length of the character at the start of `text` (1 to 4), or 0 if none well-formed stands there.
[[nodiscard]] std::size_t utf8_length(std::string_view text) noexcept;

/// Well-formed UTF-8 without NUL: what PostgreSQL takes as text.
[[nodiscard]] bool is_text(std::string_view text) noexcept;

/// How many characters. REQUIRES: is_text(text).
[[nodiscard]] std::size_t count_characters(std::string_view text) noexcept;

/// `text`, or, if it is longer than `most` bytes, as many of its whole characters as fit into them and "…".
[[nodiscard]] std::string shortened(std::string_view text, std::size_t most);

}  // namespace moai::api
