// A blocking PostgreSQL connection for request handlers and commands (raw libpq: it alone gives DETAIL and HINT).
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "pg/error.hpp"
#include "pg/result.hpp"

namespace moai::pg {

/// One connection, one thread at a time. Every failure throws pg::Error; a lost connection stays lost (make a new one).
class Connection {
public:
    /// Connects. Throws pg::Error (no SQLSTATE) with libpq's message, passwords never in it.
    Connection(const std::string& database_url, const std::string& application_name);
    ~Connection();
    Connection(Connection&&) noexcept;
    Connection& operator=(Connection&&) noexcept;

    /// Runs one statement with text parameters ($1...). Prepared once per connection and text when `prepare` is set; a
    /// text so prepared is kept as long as the connection, so it must come from the program and not from its input.
    Result query(const std::string& sql, std::span<const Param> params = {}, bool prepare = false);
    Result query(const std::string& sql, std::initializer_list<Param> params, bool prepare = false) {
        return query(sql, std::span<const Param>(params.begin(), params.size()), prepare);
    }
    /// Runs a script of statements by the simple protocol; the result of the last.
    Result script(const std::string& sql);
    /// Runs one COPY ... FROM STDIN, whose data is `rows` (see pg/copy_rows.hpp). Whatever fails ends the COPY.
    void copy_in(const std::string& sql, std::string_view rows);

    /// From now on, as soon as `descriptor` is readable while a call waits for the server, `taken` is called, once, and
    /// the statement cancelled: it throws 57014 unless it was done by then. `taken` makes the descriptor unreadable.
    void interrupt_by(int descriptor, std::function<void()> taken);
    /// That has happened.
    [[nodiscard]] bool interrupted() const noexcept;

    [[nodiscard]] bool usable() const noexcept;
    /// Reads, without waiting, what the server has sent since the last statement: false if that was good-bye.
    [[nodiscard]] bool still_there() noexcept;
    /// In a transaction block that has failed or is open: must not go back to a pool.
    [[nodiscard]] bool in_transaction() const noexcept;
    [[nodiscard]] int backend_pid() const noexcept;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace moai::pg
