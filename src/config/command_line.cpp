#include "config/command_line.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <sstream>

#include "config/exit_code.hpp"
#include "config/options.hpp"
#include "config/version.hpp"

namespace moai::config {
namespace {

std::string description(const Option& option) {
    std::string text(option.help);
    if (option.required) {
        text += "; required";
    }
    if (!option.environment.empty()) {
        text += fmt::format(" ({}{}{})", option.environment, option.environment_also.empty() ? "" : ", ",
                            option.environment_also);
    }
    return text;
}

CLI::Option* declare(CLI::App& app, const Option& option) {
    const std::string name(option.name);
    const std::string text = description(option);  // const: to CLI11 a mutable string would be a place for the value
    if (option.is_switch()) {
        return app.add_flag(name, text);
    }
    auto* declared = app.add_option(name, text);
    declared->type_name(std::string(option.value_name))->default_str(std::string(option.fallback));
    if (option.list) {
        declared->take_all();
        if (option.positional()) {
            declared->expected(-1);
        }
    }
    return declared;
}

/// A database URL given without its option would be repeated with its password.
std::string without_urls(const std::string& message) {
    if (message.find("://") == std::string::npos && message.find("password") == std::string::npos) {
        return message;
    }
    return "an argument was not expected (not shown: it may hold a password)";
}

}  // namespace

CommandLine parse_command_line(int argc, const char* const* argv) {
    CLI::App app("moai: webhook delivery out of PostgreSQL", "moai");
    app.require_subcommand(0, 1);
    app.set_help_flag("-h,--help", "print this help");
    app.set_version_flag("--version", std::string(kVersion), "print the version");
    app.footer("`moai SUBCOMMAND --help` shows a subcommand's options.");

    if (argc > 1 && argv[1][0] != '-' && !find_command(argv[1])) {
        throw Failure(ExitCode::usage, without_urls(fmt::format("\"{}\" is not a subcommand", argv[1])), "moai --help");
    }

    struct Declared {
        const Option* option;
        CLI::Option* in_cli11;
    };
    std::map<CLI::App*, Command> commands_of;
    std::map<Command, std::vector<Declared>> options_of;
    for (const CommandInfo& info : commands()) {
        auto* sub = app.add_subcommand(std::string(info.name), std::string(info.help));
        sub->set_help_flag("-h,--help", "print this help");
        sub->footer(
            "A flag goes before its environment variable, that before the file of --config, that before the default.");
        if (info.command == Command::help_options) {
            sub->group("");
        }
        commands_of[sub] = info.command;
        for (const Option& option : options()) {
            if (option.belongs_to(info.command)) {
                options_of[info.command].push_back({&option, declare(*sub, option)});
            }
        }
    }

    CommandLine line;
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& asked) {  // --help, --version
        std::ostringstream out;
        static_cast<void>(app.exit(asked, out, out));
        line.help = out.str();
        return line;
    } catch (const CLI::ParseError& error) {
        const auto chosen = app.get_subcommands();
        throw Failure(ExitCode::usage, without_urls(error.what()),
                      chosen.empty() ? "moai --help" : fmt::format("moai {} --help", chosen.front()->get_name()));
    }
    const auto chosen = app.get_subcommands();
    if (chosen.empty()) {
        throw Failure(ExitCode::usage, "a subcommand is required", "moai --help");
    }
    line.command = commands_of.at(chosen.front());
    for (const Declared& declared : options_of[*line.command]) {
        if (declared.in_cli11->count() > 0) {
            line.given[std::string(declared.option->name)] = declared.in_cli11->results();
        }
    }
    return line;
}

}  // namespace moai::config
