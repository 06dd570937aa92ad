// The private folder of the embedded PostgreSQL's socket: short (107 bytes is a socket path's limit) and closed to
// others.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>

#include "app/child_process.hpp"

namespace moai::app {

/// A folder (not a link to one) that belongs to `owner` and that nobody else may enter.
[[nodiscard]] bool private_to(const std::filesystem::path& folder, uid_t owner);

/// The folder that `record` names, if it is still there and still private to `owner` (nobody else can have put it
/// there); otherwise a new one, under /run as root, else under $XDG_RUNTIME_DIR or /tmp, whose path is then written to
/// `record`.
[[nodiscard]] std::filesystem::path private_socket_dir(const std::filesystem::path& record,
                                                       const std::optional<User>& owner);

}  // namespace moai::app
