// How an error that ends a command is told to people, and which exit code it becomes.
#pragma once

#include <exception>
#include <string>

#include "config/exit_code.hpp"

namespace moai::cli {

/// Lines for people, or one JSON object: error, detail, hint, code (the SQLSTATE) and exit, null where there is none.
enum class Form { text, json };

/// What report() says and returns, apart from saying it.
struct Report {
    config::ExitCode code;
    std::string text;  ///< "moai publish: message", then detail, hint and SQLSTATE on lines of their own; or the JSON
};
[[nodiscard]] Report describe(const std::string& program, const std::exception& error, Form form = Form::text);

/// Writes the description to standard error; returns the exit code.
[[nodiscard]] config::ExitCode report(const std::string& program, const std::exception& error, Form form);

}  // namespace moai::cli
