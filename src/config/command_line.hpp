// The command line, parsed by CLI11 from the option table.
#pragma once

#include <optional>
#include <string>

#include "config/command.hpp"
#include "config/resolve.hpp"

namespace moai::config {

struct CommandLine {
    std::optional<Command> command;  ///< unset: `help` is the answer
    Given given;
    std::string help;
};

/// Throws Failure(usage) for an unknown subcommand or option, and for an option without its value.
[[nodiscard]] CommandLine parse_command_line(int argc, const char* const* argv);

}  // namespace moai::config
