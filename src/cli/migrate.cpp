// moai migrate: installs the schema, or brings it up to date.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/database.hpp"
#include "cli/commands.hpp"

namespace moai::cli {

config::ExitCode migrate(const config::Settings& settings) {
    app::StopSignals signals;
    const std::string url = app::database_of(settings);
    app::require_reachable(url, settings.wait, signals);
    const auto migrated = app::migrate_schema(url, signals);
    if (!migrated) {
        ::_exit(static_cast<int>(config::ExitCode::failure));
    }
    const moai::migrate::Applied& applied = *migrated;
    if (settings.json) {
        const nlohmann::ordered_json answer{{"migrations", applied.migrations}, {"functions", applied.functions}};
        fmt::print("{}\n", answer.dump());
        return config::ExitCode::ok;
    }
    for (const std::string& name : applied.migrations) {
        fmt::print("applied {}\n", name);
    }
    if (applied.functions) {
        fmt::print("applied the functions, views and grants\n");
    }
    fmt::print("the schema is current\n");
    return config::ExitCode::ok;
}

}  // namespace moai::cli
