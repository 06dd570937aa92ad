// Which database a command works on, and whether it may: reachable, fit, and with the schema of this binary.
#pragma once

#include <optional>
#include <string>

#include "app/signals.hpp"
#include "config/settings.hpp"
#include "migrate/runner.hpp"

namespace moai::app {

/// The database of --database-url, else the embedded one of --data-dir while `moai run` runs it.
/// Throws Failure(database_unreachable) saying what to type when there is neither.
[[nodiscard]] std::string database_of(const config::Settings& settings);

/// Throws Failure(configuration) naming --database-url, or --maintenance-url, if libpq would not understand it;
/// connects to nothing.
void require_valid_database_urls(const config::Settings& settings);

/// "user@host:port/database", fit for logs and messages.
[[nodiscard]] std::string shown_database(const std::string& database_url);

/// Returns once a connection was made. Otherwise throws Failure(database_unreachable), with `keep_trying` only when a
/// stop signal comes: until then it tries again, at growing, jittered intervals of up to 5 s, and logs each failure.
void require_reachable(const std::string& database_url, bool keep_trying, StopSignals& signals);

/// How the schema stands. Throws Failure(database_refused) where moai can neither tell nor work.
[[nodiscard]] migrate::SchemaState schema_state(const std::string& database_url);

/// Throws Failure (schema_missing, schema_older, schema_newer) unless it is this binary's.
void require_current_schema(migrate::SchemaState state);

/// Installs or updates the schema and logs what was done. Throws Failure
/// (schema_newer, database_refused) and pg::Error.
/// Nothing when a stop signal came first: the migration then still runs on a thread of its own, so the caller must end
/// the process by _exit(), at which the server rolls it back.
[[nodiscard]] std::optional<migrate::Applied> migrate_schema(const std::string& database_url, StopSignals& signals);

/// "current", "missing", "older", "newer", "functions differ"; "unknown" for none.
[[nodiscard]] const char* schema_state_name(std::optional<migrate::SchemaState> state) noexcept;

}  // namespace moai::app
