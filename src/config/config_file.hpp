// The configuration file: `key = value` lines, the keys being the option names without dashes.
#pragma once

#include <istream>
#include <map>
#include <string>
#include <vector>

namespace moai::config {

/// Values by key, in the order of the file. A value is the rest of the line, trimmed; double quotes round it are taken
/// off. Empty lines and lines that start with # are skipped. Throws Failure(configuration) naming file and line, also
/// for a key that no option has and for a second value of an option that takes one.
[[nodiscard]] std::map<std::string, std::vector<std::string>> read_config_file(std::istream& in,
                                                                               const std::string& file_name);

}  // namespace moai::config
