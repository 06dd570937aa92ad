// moai: looks up the subcommand, runs it, and turns whatever ends it into an exit code.

#include <cstdio>
#include <exception>

#include "cli/commands.hpp"
#include "cli/report.hpp"
#include "config/command_line.hpp"
#include "config/resolve.hpp"

int main(int argc, char** argv) {
    using namespace moai;
    std::string program = "moai";
    try {
        const config::CommandLine line = config::parse_command_line(argc, argv);
        if (!line.command) {
            std::fputs(line.help.c_str(), stdout);
            return static_cast<int>(config::ExitCode::ok);
        }
        program += " " + std::string(config::command_name(*line.command));
        const config::Settings settings = config::resolve(*line.command, line.given, config::process_environment);
        return static_cast<int>(cli::run_command(*line.command, settings));
    } catch (const std::exception& error) {
        return static_cast<int>(cli::report(program, error));
    } catch (...) {
        return static_cast<int>(cli::report(program, std::runtime_error("an exception of unknown kind")));
    }
}
