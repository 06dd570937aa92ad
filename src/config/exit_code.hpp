// The process's exit codes, and the exception that carries one to main().
#pragma once

#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace moai::config {

/// Stable: scripts test for them. docs/configuration.md lists them.
enum class ExitCode : int {
    ok = 0,
    failure = 1,
    usage = 2,
    schema_missing = 65,
    schema_older = 66,
    schema_newer = 67,
    database_refused = 68,
    database_unreachable = 69,
    internal = 70,
    embedded_postgres = 71,
    port_busy = 73,
    drain_incomplete = 75,
    interrupted = 76,
    configuration = 78,
};

struct ExitCodeInfo {
    ExitCode code;
    std::string_view name;
    std::string_view meaning;
};
[[nodiscard]] std::span<const ExitCodeInfo> exit_codes();

/// Ends the program: what() says what is wrong, hint() what to do about it (may be empty).
class Failure : public std::runtime_error {
public:
    Failure(ExitCode code, const std::string& message, std::string hint = {})
        : std::runtime_error(message), code_(code), hint_(std::move(hint)) {}
    [[nodiscard]] ExitCode code() const noexcept { return code_; }
    [[nodiscard]] const std::string& hint() const noexcept { return hint_; }

private:
    ExitCode code_;
    std::string hint_;
};

}  // namespace moai::config
