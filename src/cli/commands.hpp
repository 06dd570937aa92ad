// The subcommands' functions, one file each, and the table that finds them.
#pragma once

#include "config/command.hpp"
#include "config/exit_code.hpp"
#include "config/settings.hpp"

namespace moai::cli {

/// Runs one subcommand to its end. Throws config::Failure, pg::Error and whatever else goes wrong; main reports it.
[[nodiscard]] config::ExitCode run_command(config::Command command, const config::Settings& settings);

[[nodiscard]] config::ExitCode run(const config::Settings& settings);
[[nodiscard]] config::ExitCode serve(const config::Settings& settings);
[[nodiscard]] config::ExitCode work(const config::Settings& settings);
[[nodiscard]] config::ExitCode migrate(const config::Settings& settings);
[[nodiscard]] config::ExitCode validate(const config::Settings& settings);
[[nodiscard]] config::ExitCode publish(const config::Settings& settings);
/// The part of publish() that --file asks for.
[[nodiscard]] config::ExitCode publish_file(const config::Settings& settings);
[[nodiscard]] config::ExitCode subscribe(const config::Settings& settings);
[[nodiscard]] config::ExitCode listen(const config::Settings& settings);
[[nodiscard]] config::ExitCode verify(const config::Settings& settings);
[[nodiscard]] config::ExitCode status(const config::Settings& settings);
[[nodiscard]] config::ExitCode dead_letters(const config::Settings& settings);
[[nodiscard]] config::ExitCode keygen(const config::Settings& settings);
[[nodiscard]] config::ExitCode version(const config::Settings& settings);
[[nodiscard]] config::ExitCode help_options(const config::Settings& settings);

}  // namespace moai::cli
