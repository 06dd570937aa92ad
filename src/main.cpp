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
    cli::Form form = cli::Form::text;
    try {
        const config::CommandLine line = config::parse_command_line(argc, argv);
        if (!line.command) {
            std::fputs(line.help.c_str(), stdout);
            return static_cast<int>(config::ExitCode::ok);
        }
        program += " " + std::string(config::command_name(*line.command));
        const auto json = line.given.find("--json");  // known before the settings are: their faults are told by it
        form = json != line.given.end() && json->second.front() == "true" ? cli::Form::json : cli::Form::text;
        const config::Settings settings = config::resolve(*line.command, line.given, config::process_environment);
        return static_cast<int>(cli::run_command(*line.command, settings));
    } catch (const std::exception& error) {
        return static_cast<int>(cli::report(program, error, form));
    } catch (...) {
        return static_cast<int>(cli::report(program, std::runtime_error("an exception of unknown kind"), form));
    }
}
