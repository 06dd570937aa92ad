// The subcommands by name: what the option table, the help and the dispatch in cli/ have in common.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace moai::config {

enum class Command : std::uint32_t {
    run = 1U << 0U,
    serve = 1U << 1U,
    work = 1U << 2U,
    migrate = 1U << 3U,
    validate = 1U << 4U,
    publish = 1U << 5U,
    subscribe = 1U << 6U,
    listen = 1U << 7U,
    status = 1U << 8U,
    dead_letters = 1U << 9U,
    version = 1U << 10U,
    verify = 1U << 11U,
    keygen = 1U << 12U,
    help_options = 1U << 13U,  ///< not in the help: prints docs/configuration.md
};

struct CommandInfo {
    Command command;
    std::string_view name;
    std::string_view help;
};

/// Every subcommand, in the order of the help; help_options last.
[[nodiscard]] std::span<const CommandInfo> commands();
[[nodiscard]] std::string_view command_name(Command command);
[[nodiscard]] std::optional<Command> find_command(std::string_view name);

}  // namespace moai::config
