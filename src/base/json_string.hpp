// JSON strings, written one by one into a text that is put together by hand.
#pragma once

#include <string>
#include <string_view>

namespace moai::base {

/// Appends `text` to `out` as a JSON string, quotes included. Bytes that are not UTF-8 become U+FFFD. Thread-safe.
void append_json_string(std::string& out, std::string_view text);

}  // namespace moai::base
