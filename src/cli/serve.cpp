// moai serve: the REST API alone.
#include "app/service.hpp"
#include "cli/commands.hpp"

namespace moai::cli {

config::ExitCode serve(const config::Settings& settings) {
    app::StopSignals signals;
    return app::run_service(settings, {.api = true}, signals);
}

}  // namespace moai::cli
