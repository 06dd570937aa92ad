// moai run: API and worker in one process, with an embedded PostgreSQL when no database is named.
#include "app/service.hpp"
#include "cli/commands.hpp"

namespace moai::cli {

config::ExitCode run(const config::Settings& settings) {
    app::StopSignals signals;
    return app::run_service(settings, {.api = true, .worker = true, .owns_database = true}, signals);
}

}  // namespace moai::cli
