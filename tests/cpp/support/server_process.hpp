// Servers that tests start: they must not run as root, nor outlive the test.
#pragma once

#include <pwd.h>
#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace moai::test {

constexpr std::chrono::seconds kServerPatience{60};

/// Whom servers run as when the test runs as root: postgres; null: as the test itself. Throws std::runtime_error if
/// there is no such user. To be asked before a test starts threads.
[[nodiscard]] const passwd* server_user();

/// In the child of a fork: becomes the program, as `user`, its output in `log`. Never returns.
[[noreturn]] void become(const std::vector<std::string>& command, const std::filesystem::path& log, const passwd* user,
                         bool die_with_parent);

/// A TCP port of 127.0.0.1 that is free just now.
[[nodiscard]] int free_port();

/// Waits for the child `pid`, at most kServerPatience; its status, or unset if it lives on.
[[nodiscard]] std::optional<int> wait_for_exit(pid_t pid);

}  // namespace moai::test
