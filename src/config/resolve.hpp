// Decides each option's value: command line before environment before configuration file before default.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/command.hpp"
#include "config/settings.hpp"

namespace moai::config {

/// Texts by option name, as the command line gave them.
using Given = std::map<std::string, std::vector<std::string>>;
/// The value of an environment variable. An empty one counts as not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

/// The settings of one subcommand. Options of other subcommands are not looked at. Throws Failure: configuration for a
/// value that is not allowed (naming option, value, origin and what is allowed) and for options that contradict, usage
/// for a required option that is missing. --data-dir on the command line puts aside a database URL from elsewhere.
[[nodiscard]] Settings resolve(Command command, const Given& given, const Environment& environment);

/// The environment of this process.
[[nodiscard]] std::optional<std::string> process_environment(const std::string& name);

}  // namespace moai::config
