// What moai.stats() and moai.history_stats() tell, in a form made for people.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace moai::cli {

/// Several lines. `stats` is moai.stats() with one more member, "history": moai.history_stats(), or null if that was
/// not counted. Throws nlohmann::json::exception if something is missing.
[[nodiscard]] std::string status_text(const nlohmann::ordered_json& stats);

/// "12 ms", "1.3 s", "4 min 05 s", "2 h 10 min", "3 d 04 h".
[[nodiscard]] std::string duration_text(double seconds);

}  // namespace moai::cli
