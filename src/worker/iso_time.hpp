// The one form of time that the database sends as text.
#pragma once

#include <cstdint>
#include <string_view>

namespace moai::worker {

/// "2026-01-31T12:00:00.123456Z" as microseconds since the Unix epoch. Throws std::invalid_argument for any other form.
[[nodiscard]] std::int64_t epoch_us_of(std::string_view iso_utc);

}  // namespace moai::worker
