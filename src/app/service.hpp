// The long-running commands: which parts they have, the order in which these start and stop, and how the process ends.
#pragma once

#include "app/signals.hpp"
#include "config/exit_code.hpp"
#include "config/settings.hpp"

namespace moai::app {

struct Parts {
    bool api = false;
    bool worker = false;
    bool owns_database = false;  ///< `run`: migrates, and brings an embedded PostgreSQL when no database is named
};

/// How a service ends.
enum class ShutdownMode {
    drain,    ///< the first SIGTERM or SIGINT: no new work; what is in flight may end, within --drain-timeout
    at_once,  ///< the second: what is in flight is left to its lease and delivered again by the next worker
};

/// Serves until a signal; returns the process's exit code. Throws Failure when it cannot start or a part fails.
[[nodiscard]] config::ExitCode run_service(const config::Settings& settings, const Parts& parts, StopSignals& signals);

}  // namespace moai::app
