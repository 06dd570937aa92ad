#include "config/command.hpp"

#include <array>

namespace moai::config {
namespace {

constexpr std::array kCommands{
    CommandInfo{Command::run, "run",
                "API and worker in one process; with an embedded PostgreSQL when no database is named"},
    CommandInfo{Command::serve, "serve", "the REST API alone"},
    CommandInfo{Command::work, "work", "a worker alone: delivers what is due"},
    CommandInfo{Command::migrate, "migrate", "install the schema, or bring it up to date"},
    CommandInfo{Command::validate, "validate", "is the schema present and current? changes nothing"},
    CommandInfo{Command::publish, "publish", "publish one event"},
    CommandInfo{Command::subscribe, "subscribe", "send event types to an endpoint"},
    CommandInfo{Command::listen, "listen", "a local receiver that verifies and prints webhooks"},
    CommandInfo{Command::verify, "verify", "was this captured webhook signed with this secret?"},
    CommandInfo{Command::keygen, "keygen", "make an ed25519 key pair, to sign webhooks that anybody may verify"},
    CommandInfo{Command::status, "status", "queue depth, oldest due, deliveries per state, dead letters, workers"},
    CommandInfo{Command::dead_letters, "dead-letters", "list, redrive or discard what was given up on"},
    CommandInfo{Command::version, "version", "print the version"},
    CommandInfo{Command::help_options, "help-options", "print the option table as Markdown"},
};

}  // namespace

std::span<const CommandInfo> commands() { return kCommands; }

std::string_view command_name(Command command) {
    for (const CommandInfo& info : kCommands) {
        if (info.command == command) {
            return info.name;
        }
    }
    return "?";
}

std::optional<Command> find_command(std::string_view name) {
    for (const CommandInfo& info : kCommands) {
        if (info.name == name) {
            return info.command;
        }
    }
    return std::nullopt;
}

}  // namespace moai::config
