#include "cli/commands.hpp"

#include <array>

#include "app/database.hpp"
#include "log/log.hpp"

namespace moai::cli {
namespace {

using config::Command;

struct Entry {
    Command command;
    config::ExitCode (*function)(const config::Settings&);
};

constexpr std::array kEntries{
    Entry{Command::run, run},
    Entry{Command::serve, serve},
    Entry{Command::work, work},
    Entry{Command::migrate, migrate},
    Entry{Command::validate, validate},
    Entry{Command::publish, publish},
    Entry{Command::subscribe, subscribe},
    Entry{Command::listen, listen},
    Entry{Command::verify, verify},
    Entry{Command::status, status},
    Entry{Command::dead_letters, dead_letters},
    Entry{Command::keygen, keygen},
    Entry{Command::version, version},
    Entry{Command::help_options, help_options},
};

log::Level log_level(config::LogLevel level) {
    switch (level) {
        case config::LogLevel::debug: return log::Level::debug;
        case config::LogLevel::info: return log::Level::info;
        case config::LogLevel::warning: return log::Level::warning;
        case config::LogLevel::error: return log::Level::error;
    }
    return log::Level::info;
}

}  // namespace

config::ExitCode run_command(Command command, const config::Settings& settings) {
    log::init(settings.log_format == config::LogFormat::json ? log::Format::json : log::Format::human,
              log_level(settings.log_level));
    app::require_valid_database_urls(settings);
    for (const Entry& entry : kEntries) {
        if (entry.command == command) {
            return entry.function(settings);
        }
    }
    throw config::Failure(config::ExitCode::internal, "a subcommand without a function");
}

}  // namespace moai::cli
