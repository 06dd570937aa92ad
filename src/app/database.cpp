#include "app/database.hpp"

#include <fmt/format.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <exception>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "app/data_dir.hpp"
#include "base/backoff.hpp"
#include "base/unique_fd.hpp"
#include "config/exit_code.hpp"
#include "log/log.hpp"
#include "pg/connection.hpp"
#include "pg/connection_parameters.hpp"

namespace moai::app {
namespace {

using config::ExitCode;
using config::Failure;
using std::chrono::milliseconds;

constexpr const char* kMigrate = "moai migrate (with the same --database-url) installs or updates it";

Failure as_failure(const migrate::Refused& refused) {
    const bool newer = refused.reason() == migrate::Refused::Reason::schema_is_newer;
    return {newer ? ExitCode::schema_newer : ExitCode::database_refused, refused.what(), refused.hint()};
}

migrate::Applied migrate_now(const std::string& database_url) {
    try {
        const migrate::Runner runner(database_url, [](const std::string& remark) {
            log::warning("migrate", {{"remark", remark}});
        });
        migrate::Applied applied = runner.migrate();
        log::info("schema current",
                  {{"migrations_applied", applied.migrations.size()}, {"functions_applied", applied.functions}});
        return applied;
    } catch (const migrate::Refused& refused) {
        throw as_failure(refused);
    }
}

/// How a migration on a thread of its own ended. The thread keeps no part of an exception that it hands over: two
/// threads that hold one and the same end it in an order that only libstdc++ knows.
struct MigrationOutcome {
    std::mutex mutex;
    migrate::Applied applied;
    std::exception_ptr failure;
};

// The boundary of the migration's thread.
void run_migration(const std::string& database_url, MigrationOutcome& outcome) {
    migrate::Applied applied;
    std::exception_ptr failure;
    try {
        applied = migrate_now(database_url);
    } catch (...) {
        failure = std::current_exception();
    }
    const std::lock_guard lock(outcome.mutex);
    outcome.applied = std::move(applied);
    outcome.failure = std::move(failure);
}

void require_understood(const std::string& name, const std::string& url) {
    try {
        const pg::ConnectionParameters understood(url, "");
    } catch (const pg::Error& error) {
        throw Failure(ExitCode::configuration, fmt::format("{}: {}", name, error.what()), error.hint());
    }
}

}  // namespace

std::string database_of(const config::Settings& settings) {
    if (settings.database_url) {
        return *settings.database_url;
    }
    const DataDir data_dir(settings.data_dir);
    if (auto url = running_embedded_database(data_dir)) {
        return std::move(*url);
    }
    throw Failure(ExitCode::database_unreachable,
                  fmt::format("no database is named, and no embedded PostgreSQL runs in {}", data_dir.path().string()),
                  "give --database-url URL (or set MOAI_DATABASE_URL or DATABASE_URL), or start `moai run`");
}

void require_valid_database_urls(const config::Settings& settings) {
    if (settings.database_url) {
        require_understood(fmt::format("--database-url (from {})", settings.database_url_origin),
                           *settings.database_url);
    }
    if (settings.maintenance_url) {
        require_understood("--maintenance-url", *settings.maintenance_url);
    }
}

std::string shown_database(const std::string& database_url) {
    const auto target = pg::describe_database(database_url);
    return target && !target->text.empty() ? target->text : "the database";
}

void require_reachable(const std::string& database_url, bool keep_trying, StopSignals& signals) {
    base::Backoff backoff(milliseconds(100), std::chrono::seconds(5));
    for (;;) {
        std::string why;
        try {
            const pg::Connection connection(database_url, "moai start");
            return;
        } catch (const pg::Error& error) {
            why = error.what();
        }
        const std::string message = fmt::format("cannot connect to {}: {}", shown_database(database_url), why);
        if (!keep_trying) {
            throw Failure(ExitCode::database_unreachable, message, "--wait keeps trying until it can be reached");
        }
        const auto pause = std::chrono::ceil<milliseconds>(backoff.next());
        log::warning("database unreachable, trying again", {{"error", why}, {"in_ms", pause.count()}});
        if (signals.wait(pause) == StopSignals::Woken::signal) {
            throw Failure(ExitCode::database_unreachable,
                          fmt::format("{} while waiting for the database", signals.last()), message);
        }
    }
}

migrate::SchemaState schema_state(const std::string& database_url) {
    try {
        return migrate::Runner(database_url).check();
    } catch (const migrate::Refused& refused) {
        throw as_failure(refused);
    }
}

void require_current_schema(migrate::SchemaState state) {
    switch (state) {
        case migrate::SchemaState::current: return;
        case migrate::SchemaState::missing:
            throw Failure(ExitCode::schema_missing, "the moai schema is not installed in this database", kMigrate);
        case migrate::SchemaState::older:
            throw Failure(ExitCode::schema_older, "the moai schema of this database is older than this moai", kMigrate);
        case migrate::SchemaState::functions_differ:
            throw Failure(ExitCode::schema_older, "the functions of the moai schema are those of another version",
                          kMigrate);
        case migrate::SchemaState::newer:
            throw Failure(ExitCode::schema_newer, "the moai schema of this database is newer than this moai",
                          "use the moai version that installed it, or a newer one");
    }
}

std::optional<migrate::Applied> migrate_schema(const std::string& database_url, StopSignals& signals) {
    const auto ended = std::make_shared<base::UniqueFd>(eventfd(0, EFD_CLOEXEC));
    if (!*ended) {
        throw std::system_error(errno, std::generic_category(), "eventfd");
    }
    const auto outcome = std::make_shared<MigrationOutcome>();
    std::thread([ended, outcome, database_url] {
        run_migration(database_url, *outcome);
        eventfd_write(ended->get(), 1);
    }).detach();
    if (signals.wait(std::nullopt, {ended->get()}) == StopSignals::Woken::signal) {
        log::warning("migration interrupted, nothing of it stays", {{"signal", signals.last()}});
        return std::nullopt;
    }
    const std::lock_guard lock(outcome->mutex);
    if (outcome->failure) {
        std::rethrow_exception(std::exchange(outcome->failure, nullptr));
    }
    return outcome->applied;
}

const char* schema_state_name(std::optional<migrate::SchemaState> state) noexcept {
    if (!state) {
        return "unknown";
    }
    switch (*state) {
        case migrate::SchemaState::current: return "current";
        case migrate::SchemaState::missing: return "missing";
        case migrate::SchemaState::older: return "older";
        case migrate::SchemaState::newer: return "newer";
        case migrate::SchemaState::functions_differ: return "functions differ";
    }
    return "unknown";
}

}  // namespace moai::app
