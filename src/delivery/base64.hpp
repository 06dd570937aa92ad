// Base64 of the standard alphabet with padding, strict in both directions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace moai::delivery {

[[nodiscard]] std::string base64_encode(const unsigned char* data, std::size_t size);
/// Nothing unless `text` is exactly what base64_encode gives for some bytes: no white space, full padding, no stray
/// bits.
[[nodiscard]] std::optional<std::vector<unsigned char>> base64_decode(std::string_view text);

}  // namespace moai::delivery
