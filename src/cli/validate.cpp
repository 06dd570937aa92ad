// moai validate: is the schema present and current? Changes nothing; the answer is the exit code.
#include <fmt/format.h>

#include <cstdio>

#include "app/database.hpp"
#include "cli/commands.hpp"

namespace moai::cli {

config::ExitCode validate(const config::Settings& settings) {
    app::StopSignals signals;
    const std::string url = app::database_of(settings);
    app::require_reachable(url, settings.wait, signals);
    app::require_current_schema(url);
    fmt::print("{}\n", settings.json ? R"({"schema":"current"})" : "the schema is current");
    return config::ExitCode::ok;
}

}  // namespace moai::cli
