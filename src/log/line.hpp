// The text of one log line, apart from where it is written.
#pragma once

#include <chrono>
#include <string>

#include "log/log.hpp"

namespace moai::log {

/// "2026-01-31T12:00:00.123456Z INFO  event key=value key="two words"": always one line, whatever the values hold.
[[nodiscard]] std::string human_line(std::chrono::system_clock::time_point at, Level level, std::string_view event,
                                     std::span<const Field> fields);
/// The same as one JSON object with the keys time, level, event and then the fields; bytes that are not UTF-8 become
/// U+FFFD. A field named time, level or event gets a trailing underscore.
[[nodiscard]] std::string json_line(std::chrono::system_clock::time_point at, Level level, std::string_view event,
                                    std::span<const Field> fields);

}  // namespace moai::log
