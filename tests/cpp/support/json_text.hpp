// Single values out of and into JSON texts, without its library's header in every test.
#pragma once

#include <string>
#include <string_view>

namespace moai::test {

/// What `pointer` (RFC 6901) leads to: a string's content, "" for null, else its JSON text. Throws std::runtime_error
/// with the text if there is no such value.
[[nodiscard]] std::string json_at(std::string_view text, const std::string& pointer);
/// `text` as a JSON string, quotes included.
[[nodiscard]] std::string json_string(std::string_view text);

}  // namespace moai::test
