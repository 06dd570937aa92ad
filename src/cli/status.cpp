// moai status: how the queue is.
#include <fmt/format.h>

#include <cstdio>

#include "app/database.hpp"
#include "cli/commands.hpp"
#include "cli/status_text.hpp"
#include "pg/connection.hpp"

namespace moai::cli {

config::ExitCode status(const config::Settings& settings) {
    pg::Connection database(app::database_of(settings), "moai status");
    const std::string stats(database.query("SELECT moai.stats()").text(0, 0));
    std::fputs(settings.json ? (stats + "\n").c_str() : status_text(stats).c_str(), stdout);
    return config::ExitCode::ok;
}

}  // namespace moai::cli
