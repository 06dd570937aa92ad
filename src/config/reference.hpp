// docs/configuration.md, out of the tables of options and exit codes.
#pragma once

#include <string>

namespace moai::config {

/// The whole file, byte for byte: `moai help-options > docs/configuration.md`.
[[nodiscard]] std::string configuration_reference();

}  // namespace moai::config
