// moai.stats() in a form made for people.
#pragma once

#include <string>
#include <string_view>

namespace moai::cli {

/// Several lines. Throws nlohmann::json::exception if `stats` lacks what moai.stats() promises.
[[nodiscard]] std::string status_text(std::string_view stats);

/// "12 ms", "1.3 s", "4 min 05 s", "2 h 10 min", "3 d 04 h".
[[nodiscard]] std::string duration_text(double seconds);

}  // namespace moai::cli
