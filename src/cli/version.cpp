// moai version.
#include "config/version.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "cli/commands.hpp"

namespace moai::cli {

config::ExitCode version(const config::Settings& settings) {
    if (settings.json) {
        fmt::print("{{\"version\":\"{}\"}}\n", config::kVersion);
    } else {
        fmt::print("moai {}\n", config::kVersion);
    }
    return config::ExitCode::ok;
}

}  // namespace moai::cli
