// What went wrong at PostgreSQL, in the three questions a caller may ask.
#pragma once

#include <stdexcept>
#include <string>

namespace moai::pg {

/// An error reported by the server, or by libpq about the connection (then sqlstate is "" or class 08/57P).
class Error : public std::runtime_error {
public:
    Error(std::string sqlstate, const std::string& message, std::string detail = {}, std::string hint = {})
        : std::runtime_error(message),
          sqlstate_(std::move(sqlstate)),
          detail_(std::move(detail)),
          hint_(std::move(hint)) {}

    /// Five characters, or "" when libpq itself lost the connection.
    [[nodiscard]] const std::string& sqlstate() const noexcept { return sqlstate_; }
    [[nodiscard]] const std::string& detail() const noexcept { return detail_; }
    [[nodiscard]] const std::string& hint() const noexcept { return hint_; }

    /// The same call may succeed if repeated at once (40001, 40P01).
    [[nodiscard]] bool retryable() const noexcept;
    /// The connection is of no more use (no SQLSTATE, 08xxx, 57P01..57P05, 25006 read only).
    [[nodiscard]] bool connection_lost() const noexcept;
    /// Nobody can tell whether the statement was committed: connection_lost() other than by the server's refusal of it
    /// (25006).
    [[nodiscard]] bool outcome_unknown() const noexcept;

private:
    std::string sqlstate_, detail_, hint_;
};

}  // namespace moai::pg
