// The character classes and list syntax that HTTP headers are made of.
#pragma once

#include <string>
#include <string_view>

namespace moai::http {

[[nodiscard]] constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

[[nodiscard]] constexpr bool is_token_char(char c) noexcept {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}

[[nodiscard]] bool is_token(std::string_view text) noexcept;
[[nodiscard]] std::string to_lower(std::string_view text);
[[nodiscard]] bool equals_ignoring_case(std::string_view left, std::string_view right) noexcept;
/// Without spaces and tabs at either end.
[[nodiscard]] std::string_view trim(std::string_view text) noexcept;
/// `member` (lower case) stands in the comma-separated `list`, in any case.
[[nodiscard]] bool has_list_member(std::string_view list, std::string_view member) noexcept;

}  // namespace moai::http
