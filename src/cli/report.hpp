// How an error that ends a command is told to people, and which exit code it becomes.
#pragma once

#include <exception>
#include <string>

#include "config/exit_code.hpp"

namespace moai::cli {

/// What report() says and returns, apart from saying it.
struct Report {
    config::ExitCode code;
    std::string text;  ///< "moai publish: message", then detail, hint and SQLSTATE on lines of their own
};
[[nodiscard]] Report describe(const std::string& program, const std::exception& error);

/// Writes the description to standard error; returns the exit code.
[[nodiscard]] config::ExitCode report(const std::string& program, const std::exception& error);

}  // namespace moai::cli
