// The log of the embedded PostgreSQL: one file that the server appends to and moai keeps small.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/unique_fd.hpp"

namespace moai::app {

inline constexpr std::uintmax_t kServerLogKept = 16U << 20U;

/// Opened for appending. Throws std::system_error.
[[nodiscard]] base::UniqueFd open_server_log(const std::filesystem::path& file);

/// A file longer than `most` bytes is copied to "<file>.old" and emptied; whoever has it open for appending goes on at
/// its start. A line written in that very moment is lost. Throws std::filesystem::filesystem_error.
void keep_server_log_small(const std::filesystem::path& file, std::uintmax_t most = kServerLogKept);

/// The last five lines, of the last 4 KiB; empty if the file cannot be read.
[[nodiscard]] std::string last_lines(const std::filesystem::path& file);

}  // namespace moai::app
