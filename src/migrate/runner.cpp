// Runner: one transaction under the advisory lock that the prelude takes.
#include "migrate/runner.hpp"

#include <charconv>
#include <chrono>
#include <thread>
#include <utility>

#include "base/backoff.hpp"
#include "pg/connection.hpp"
#include "pg/script_session.hpp"

namespace moai::migrate {
namespace {

constexpr const char* kApplicationName = "moai migrate";
constexpr int kMostTries = 20;
constexpr std::chrono::milliseconds kFirstDelay{20};
constexpr std::chrono::milliseconds kLongestDelay{1'000};

const std::string kServer =
    "SELECT current_database(), current_setting('server_encoding'), current_setting('server_version_num')";
const std::string kHasLedger =
    "SELECT EXISTS (SELECT FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace"
    " WHERE n.nspname = 'moai_private' AND c.relname = 'migration')";
const std::string kMigrations = "SELECT name FROM moai_private.migration ORDER BY name";
const std::string kBundleHash = "SELECT hash FROM moai_private.bundle";

int to_int(std::string_view text) {
    int value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

/// What concurrent changes of the same role, by installers of other databases, are answered with.
bool somebody_was_in_the_way(const pg::Error& error) {
    const std::string& state = error.sqlstate();
    return error.retryable() || state == "23505" || state == "42710" ||
           (state == "XX000" && std::string_view(error.what()).find("concurrently") != std::string_view::npos);
}

void run_script(pg::ScriptSession& session, const Script& script) {
    try {
        session.run(script.text);
    } catch (const pg::Error& error) {
        throw pg::Error(error.sqlstate(), std::string(script.name) + ": " + error.what(), error.detail(), error.hint());
    }
}

Installed installed_in(pg::ScriptSession& session) {
    Installed installed;
    for (const auto& row : session.rows(kMigrations)) {
        installed.migrations.push_back(row.at(0).value_or(""));
    }
    return installed;
}

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) {
        text += (text.empty() ? "" : ", ") + name;
    }
    return text;
}

}  // namespace

Runner::Runner(std::string database_url, OnRemark on_remark, const Bundle& bundle)
    : database_url_(std::move(database_url)), on_remark_(std::move(on_remark)), bundle_(bundle) {}

Applied Runner::migrate() const {
    base::Backoff backoff(kFirstDelay, kLongestDelay);
    for (int tries = 1;; ++tries) {
        try {
            return migrate_once();
        } catch (const pg::Error& error) {
            if (tries == kMostTries || !somebody_was_in_the_way(error)) {
                throw;
            }
        }
        std::this_thread::sleep_for(backoff.next());
    }
}

Applied Runner::migrate_once() const {
    pg::ScriptSession session(database_url_, kApplicationName, on_remark_);
    session.begin();
    // A role's or database's own limits are meant for its queries, not for an upgrade.
    session.run("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; SET LOCAL client_min_messages = warning");
    const auto server = session.rows(kServer).at(0);
    require_fit_server(server.at(0).value_or(""), server.at(1).value_or(""), to_int(server.at(2).value_or("")));
    run_script(session, bundle_.prelude);

    Installed installed = installed_in(session);
    if (const auto unknown = unknown_migrations(bundle_, installed); !unknown.empty()) {
        throw Refused(
            Refused::Reason::schema_is_newer,
            "the schema is newer than this moai: it has had " + joined(unknown) + ", which this version does not know",
            "use the moai version that installed it, or a newer one");
    }
    Applied applied;
    for (const Script& migration : pending_migrations(bundle_, installed)) {
        run_script(session, migration);
        session.run("INSERT INTO moai_private.migration (name) VALUES (" + session.quoted(migration.name) + ")");
        applied.migrations.emplace_back(migration.name);
    }
    if (const auto hashes = session.rows(kBundleHash); !hashes.empty()) {
        installed.bundle_hash = hashes.at(0).at(0);
    }
    if (!applied.migrations.empty() || installed.bundle_hash != bundle_.hash) {
        for (const Script& function : bundle_.functions) {
            run_script(session, function);
        }
        run_script(session, bundle_.grants);
        session.run("SELECT moai_private.record_bundle(" + session.quoted(bundle_.hash) + ")");
        applied.functions = true;
    }
    session.commit();
    return applied;
}

SchemaState Runner::check() const {
    pg::Connection connection(database_url_, kApplicationName);
    const pg::Result server = connection.query(kServer);
    require_fit_server(std::string(server.text(0, 0)), std::string(server.text(0, 1)), to_int(server.text(0, 2)));
    if (connection.query(kHasLedger).text(0, 0) != "t") {
        return SchemaState::missing;
    }
    Installed installed;
    try {
        const pg::Result migrations = connection.query(kMigrations);
        for (int row = 0; row < migrations.rows(); ++row) {
            installed.migrations.emplace_back(migrations.text(row, 0));
        }
        if (installed.migrations.empty()) {
            return SchemaState::missing;
        }
        const pg::Result hash = connection.query(kBundleHash);
        if (hash.rows() == 1) {
            installed.bundle_hash = hash.text(0, 0);
        }
    } catch (const pg::Error& error) {
        if (error.sqlstate() != "42501") {
            throw;
        }
        throw Refused(Refused::Reason::no_access,
                      "moai is installed here, but this login may not see it: " + std::string(error.what()),
                      "GRANT it moai_worker, moai_api or another role of moai");
    }
    return compare(bundle_, installed);
}

}  // namespace moai::migrate
