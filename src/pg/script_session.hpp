// A session for scripts and the ledger of migrations, on libpqxx (which stays behind this header).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pg/error.hpp"

namespace moai::pg {

/// One connection with at most one transaction at a time; for the control path, where a second connection's worth of
/// comfort counts more than microseconds. One thread at a time. Every failure throws pg::Error and ends the
/// transaction.
class ScriptSession {
public:
    using Row = std::vector<std::optional<std::string>>;
    /// Takes what the server remarks (WARNING and above), on one line, severity included.
    using OnRemark = std::function<void(const std::string&)>;

    /// Connects. Throws pg::Error without a password in it.
    ScriptSession(const std::string& database_url, const std::string& application_name, OnRemark on_remark);
    ~ScriptSession();
    ScriptSession(const ScriptSession&) = delete;
    ScriptSession& operator=(const ScriptSession&) = delete;

    /// READ COMMITTED whatever the session's default is: what others committed while we waited for a lock must be seen.
    void begin();
    /// Error 08007 if the connection was lost meanwhile: the outcome is unknown.
    void commit();
    /// Without a transaction: nothing.
    void rollback() noexcept;

    /// Inside the transaction: a script of any number of statements.
    void run(std::string_view script);
    /// Inside the transaction: the rows of one statement, whose parameters the caller has put in by quoted().
    [[nodiscard]] std::vector<Row> rows(const std::string& statement);
    /// `text` as an SQL literal.
    [[nodiscard]] std::string quoted(std::string_view text) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// The parts of an error that libpqxx only hands over as one text: "ERROR:  primary\nDETAIL:  ...\nHINT:  ...\nCONTEXT:
/// ...".
[[nodiscard]] Error error_from_report(const std::string& sqlstate, std::string_view report);

}  // namespace moai::pg
