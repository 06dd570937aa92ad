// Which database a command works on, and whether it may: reachable, fit, and with the schema of this binary.
#pragma once

#include <string>

#include "app/signals.hpp"
#include "config/settings.hpp"
#include "migrate/runner.hpp"

namespace moai::app {

/// The database of --database-url, else the embedded one of --data-dir while `moai run` runs it.
/// Throws Failure(database_unreachable) saying what to type when there is neither.
[[nodiscard]] std::string database_of(const config::Settings& settings);

/// Returns once a connection was made. Otherwise throws Failure(database_unreachable), with `keep_trying` only when a
/// stop signal comes: until then it tries again, at growing, jittered intervals of up to 5 s, and logs each failure.
void require_reachable(const std::string& database_url, bool keep_trying, StopSignals& signals);

/// Throws Failure (schema_missing, schema_older, schema_newer, database_refused) unless the schema is this binary's.
void require_current_schema(const std::string& database_url);

/// Installs or updates the schema and logs what was done. Throws as require_current_schema does, and pg::Error.
migrate::Applied migrate_schema(const std::string& database_url);

/// "current", "missing", "older", "newer", "functions differ".
[[nodiscard]] const char* schema_state_name(migrate::SchemaState state) noexcept;

}  // namespace moai::app
