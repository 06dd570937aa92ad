// How far a long command is, on one line for a terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace moai::cli {

struct Progress {
    std::uint64_t done_bytes = 0;
    std::optional<std::uint64_t> all_bytes;  ///< unknown for a pipe
    std::uint64_t lines = 0;
    std::chrono::milliseconds elapsed{0};
};

/// "[########            ]  42 %  420000 lines  18300/s  0:31 left", without what is not known. At most 79 columns.
[[nodiscard]] std::string progress_line(const Progress& progress);

}  // namespace moai::cli
