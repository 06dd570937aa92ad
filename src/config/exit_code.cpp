#include "config/exit_code.hpp"

#include <array>

namespace moai::config {
namespace {

constexpr std::array kExitCodes{
    ExitCodeInfo{ExitCode::ok, "ok", "done; a server stopped after a complete drain"},
    ExitCodeInfo{ExitCode::failure, "failure", "the request was refused or found nothing (the message says what)"},
    ExitCodeInfo{ExitCode::usage, "usage", "unknown subcommand or option, or a required one is missing"},
    ExitCodeInfo{ExitCode::schema_missing, "schema_missing", "the database has no moai schema: run `moai migrate`"},
    ExitCodeInfo{ExitCode::schema_older, "schema_older", "the schema is older than this binary: run `moai migrate`"},
    ExitCodeInfo{ExitCode::schema_newer, "schema_newer", "the schema is newer than this binary: install a newer moai"},
    ExitCodeInfo{ExitCode::database_refused, "database_refused",
                 "the database is not fit: not UTF8, PostgreSQL before 15, or closed to this login"},
    ExitCodeInfo{ExitCode::database_unreachable, "database_unreachable",
                 "no connection to the database (`--wait` keeps trying)"},
    ExitCodeInfo{ExitCode::internal, "internal", "a fault of moai's own"},
    ExitCodeInfo{ExitCode::embedded_postgres, "embedded_postgres",
                 "the embedded PostgreSQL was not found, did not start, or is in use"},
    ExitCodeInfo{ExitCode::port_busy, "port_busy", "the address of `--listen` is taken"},
    ExitCodeInfo{ExitCode::drain_incomplete, "drain_incomplete",
                 "stopped before the drain was complete; what was in flight is delivered again when its lease ends"},
    ExitCodeInfo{ExitCode::interrupted, "interrupted",
                 "a signal ended `publish --file` before the end of the file; the message says how to go on"},
    ExitCodeInfo{ExitCode::configuration, "configuration",
                 "an option has a value that is not allowed, or two options contradict"},
};

}  // namespace

std::span<const ExitCodeInfo> exit_codes() { return kExitCodes; }

}  // namespace moai::config
