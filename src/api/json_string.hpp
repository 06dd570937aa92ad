// The text behind a JSON string's escapes.
#pragma once

#include <string>
#include <string_view>

namespace moai::api {

/// 0 to 15, or -1 for what is no hexadecimal digit.
[[nodiscard]] constexpr int hex_value(char c) noexcept {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// `raw` is what stands between the quotes of a well-formed JSON string. A lone surrogate becomes U+FFFD.
[[nodiscard]] std::string unescape_json(std::string_view raw);

}  // namespace moai::api
