// The one table of options. Command line, environment, configuration file, --help and docs/configuration.md all read
// it.
#pragma once

#include <span>
#include <string_view>

#include "config/command.hpp"
#include "config/settings.hpp"

namespace moai::config {

/// One option. Text members are empty where they do not apply.
struct Option {
    std::string_view name;        ///< "--listen", or "ACTION" for a positional argument
    std::string_view value_name;  ///< "HOST:PORT"; empty: a switch
    std::string_view environment;
    std::string_view environment_also;  ///< looked at when `environment` is not set
    std::string_view key;               ///< in the configuration file
    std::string_view fallback;          ///< the default, in the same grammar; empty: none
    std::uint32_t commands;             ///< Command values, or-ed
    std::string_view help;
    /// Checks the text and stores it. Throws BadValue. Called once for each value of a list.
    void (*assign)(Settings&, std::string_view text);
    bool required = false;
    bool list = false;  ///< may be given more than once, or with commas

    [[nodiscard]] bool belongs_to(Command command) const {
        return (commands & static_cast<std::uint32_t>(command)) != 0;
    }
    [[nodiscard]] bool is_switch() const { return value_name.empty(); }
    [[nodiscard]] bool positional() const { return !name.starts_with("--"); }
};

[[nodiscard]] std::span<const Option> options();

}  // namespace moai::config
