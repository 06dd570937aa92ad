// moai status: how the queue is, and how what left it ended.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/database.hpp"
#include "cli/commands.hpp"
#include "cli/status_text.hpp"
#include "pg/connection.hpp"

namespace moai::cli {
namespace {

using nlohmann::ordered_json;

// The history grows without bound and status must not: what takes longer to count is left out.
constexpr const char* kPatience = "SET statement_timeout = '2s'";
constexpr const char* kQueryCanceled = "57014";

ordered_json history_stats(pg::Connection& database) {
    database.script(kPatience);
    try {
        return ordered_json::parse(database.query("SELECT moai.history_stats()").text(0, 0));
    } catch (const pg::Error& error) {
        if (error.sqlstate() != kQueryCanceled) {
            throw;
        }
        return nullptr;
    }
}

}  // namespace

config::ExitCode status(const config::Settings& settings) {
    pg::Connection database(app::database_of(settings), "moai status");
    auto stats = ordered_json::parse(database.query("SELECT moai.stats()").text(0, 0));
    stats["history"] = history_stats(database);
    std::fputs(settings.json ? (stats.dump() + "\n").c_str() : status_text(stats).c_str(), stdout);
    return config::ExitCode::ok;
}

}  // namespace moai::cli
