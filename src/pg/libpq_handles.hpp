// Internal to pg/: owning handles for libpq's objects, and the one place that turns its failures into pg::Error.
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pg/error.hpp"
#include "pg/result.hpp"

namespace moai::pg {

struct FinishConnection {
    void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
};
using ConnectionHandle = std::unique_ptr<PGconn, FinishConnection>;

/// Waits for everything that a PQsend... call brings (`sent` is what it returned): the rows of the last result.
/// Throws the first error: on a dying connection it says why, and those that follow only that it is gone.
[[nodiscard]] Result await_results(PGconn* connection, int sent);

/// Takes what has arrived of a PQsend... call, without waiting: the last rows and the first error. True when that was
/// all of it.
[[nodiscard]] bool take_results(PGconn* connection, std::optional<Result>& rows, std::optional<Error>& failure);

/// Has the server begun a COPY? Nobody here will feed or empty it: the connection is of no more use.
[[nodiscard]] bool is_copy(const PGresult* result) noexcept;

/// The error that a failed result carries, or nothing if it succeeded. Does not take ownership.
[[nodiscard]] std::optional<Error> error_of(PGconn* connection, const PGresult* result);

/// A prepared statement failed before it ran because of what happened since it was prepared: an upgrade changed what
/// the function returns (0A000), or a pooler gave us another session (26000). Prepared anew, it will run.
[[nodiscard]] bool must_prepare_again(const Error& error) noexcept;

/// The error of the connection itself, without SQLSTATE, on one line.
[[nodiscard]] Error connection_error(const PGconn* connection);

/// From now on what the server remarks (NOTICE, WARNING) goes to the log at debug level instead of to stderr.
void log_notices(PGconn* connection);

/// Text parameters in the form libpq wants: zero-terminated and alive.
class ParameterValues {
public:
    /// Throws pg::Error 22021 if a text holds a zero byte, which would silently cut it short.
    explicit ParameterValues(std::span<const Param> params);

    [[nodiscard]] int count() const noexcept { return static_cast<int>(pointers_.size()); }
    [[nodiscard]] const char* const* pointers() const noexcept { return pointers_.data(); }

private:
    std::vector<std::string> texts_;
    std::vector<const char*> pointers_;
};

}  // namespace moai::pg
