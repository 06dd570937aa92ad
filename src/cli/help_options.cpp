// moai help-options: writes docs/configuration.md to standard output.
#include <cstdio>

#include "cli/commands.hpp"
#include "config/reference.hpp"

namespace moai::cli {

config::ExitCode help_options(const config::Settings& /*settings*/) {
    std::fputs(config::configuration_reference().c_str(), stdout);
    return config::ExitCode::ok;
}

}  // namespace moai::cli
