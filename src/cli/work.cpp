// moai work: a worker alone.
#include "app/service.hpp"
#include "cli/commands.hpp"

namespace moai::cli {

config::ExitCode work(const config::Settings& settings) {
    app::StopSignals signals;
    return app::run_service(settings, {.worker = true}, signals);
}

}  // namespace moai::cli
