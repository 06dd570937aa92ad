#include "cli/bad_value.hpp"

#include <fmt/format.h>

#include <string_view>

#include "config/exit_code.hpp"

namespace moai::cli {
namespace {

bool unreadable(const pg::Error& error) { return std::string_view(error.sqlstate()).starts_with("22"); }

}  // namespace

pg::Result query_naming_options(pg::Connection& database, const std::string& sql, const std::vector<pg::Param>& params,
                                const std::vector<TypedValue>& values) {
    try {
        return database.query(sql, params);
    } catch (const pg::Error& error) {
        if (!unreadable(error)) {
            throw;
        }
        // Which one it was is asked afterwards, so that good values cost nothing.
        for (const TypedValue& value : values) {
            try {
                database.query(fmt::format("SELECT $1::{}", value.type), {value.text});
            } catch (const pg::Error& bad) {
                if (unreadable(bad)) {
                    throw config::Failure(config::ExitCode::configuration,
                                          fmt::format("{} is not valid: {}", value.option, bad.what()), bad.detail());
                }
            }
        }
        throw;
    }
}

}  // namespace moai::cli
