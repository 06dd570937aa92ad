// moai validate: is the schema present and current? Changes nothing; the answer is the exit code.
#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <optional>

#include "app/database.hpp"
#include "cli/commands.hpp"

namespace moai::cli {

namespace {

void print_state(const char* state) { fmt::print("{{\"schema\":\"{}\"}}\n", state); }

auto state_of(const config::Settings& settings) {
    app::StopSignals signals;
    const std::string url = app::database_of(settings);
    app::require_reachable(url, settings.wait, signals);
    return app::schema_state(url);
}

}  // namespace

config::ExitCode validate(const config::Settings& settings) {
    if (!settings.json) {
        app::require_current_schema(state_of(settings));
        fmt::print("the schema is current\n");
        return config::ExitCode::ok;
    }
    // Whoever reads JSON gets a state in any case; the exit code and standard error say the rest.
    std::optional<decltype(state_of(settings))> state;
    try {
        state = state_of(settings);
    } catch (const std::exception&) {
        print_state(app::schema_state_name(std::nullopt));
        throw;
    }
    print_state(app::schema_state_name(state));
    app::require_current_schema(*state);
    return config::ExitCode::ok;
}

}  // namespace moai::cli
