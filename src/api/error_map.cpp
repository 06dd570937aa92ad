// The table of docs/errors.md: SQLSTATE patterns in which '?' stands for any character, first match wins.
#include "api/error_map.hpp"

#include <algorithm>
#include <array>

namespace moai::api {
namespace {

struct Row {
    std::string_view pattern;
    int status;
};

constexpr std::array kRows{
    Row{"23505", 409}, Row{"23503", 409},  // unique, foreign key
    Row{"23514", 422}, Row{"22P02", 422}, Row{"22023", 422},
    Row{"22001", 422},  // check, bad text, bad parameter, too long
    Row{"22003", 422}, Row{"22007", 422}, Row{"22008", 422},
    Row{"22P05", 422}, Row{"22021", 422},  // out of range, bad time, untranslatable, not UTF-8
    Row{"42501", 403},                     // privilege
    Row{"40001", 503}, Row{"40P01", 503},  // still failing after the retries inside
    Row{"57014", 504},                     // statement timeout
    Row{"08???", 503}, Row{"53???", 503}, Row{"57P0?", 503},
    Row{"", 503},                                             // connection, resources, shutdown
    Row{"25006", 503},                                        // a standby
    Row{"3F000", 503}, Row{"42883", 503}, Row{"42P01", 503},  // schema missing
};

bool matches(std::string_view sqlstate, std::string_view pattern) noexcept {
    return std::equal(sqlstate.begin(), sqlstate.end(), pattern.begin(), pattern.end(),
                      [](char c, char p) { return p == '?' || c == p; });
}

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// MOxyz: raised by moai itself, xyz being the status.
bool is_ours(std::string_view sqlstate) noexcept {
    return sqlstate.size() == 5 && sqlstate.starts_with("MO") && (sqlstate[2] == '4' || sqlstate[2] == '5') &&
           is_digit(sqlstate[3]) && is_digit(sqlstate[4]);
}

}  // namespace

int status_of_sqlstate(std::string_view sqlstate) noexcept {
    if (is_ours(sqlstate)) {
        return (sqlstate[2] - '0') * 100 + (sqlstate[3] - '0') * 10 + (sqlstate[4] - '0');
    }
    const auto* const row =
        std::find_if(kRows.begin(), kRows.end(), [&](const Row& r) { return matches(sqlstate, r.pattern); });
    return row == kRows.end() ? 500 : row->status;
}

Problem problem_of(const pg::Error& error) {
    const int status = status_of_sqlstate(error.sqlstate());
    if (status < 500 || is_ours(error.sqlstate())) {
        return {status, error.sqlstate(), error.what(), error.detail(), error.hint()};
    }
    switch (status) {
        case 503:
            if (error.retryable()) {
                return {503, error.sqlstate(), "the database gave up on conflicting transactions; try again", {}, {}};
            }
            if (error.sqlstate() == "3F000" || error.sqlstate() == "42883" || error.sqlstate() == "42P01") {
                return {503,
                        "schema_missing",
                        "the database has no moai schema, or not this version's",
                        {},
                        "run: moai migrate"};
            }
            if (error.sqlstate() == "25006") {
                return {503,
                        "database_unavailable",
                        "the database takes no writes at the moment: it is a standby, or read only",
                        {},
                        "Repeat the request; it changed nothing. If that does not help, --database-url must lead to "
                        "the primary."};
            }
            return {503, "database_unavailable", "the database cannot be reached at the moment; try again", {}, {}};
        case 504: return {504, error.sqlstate(), "the database did not answer in time", {}, {}};
        default:
            return {
                500, "MO500", "the request failed inside the server; its log has more under the request id", {}, {}};
    }
}

}  // namespace moai::api
