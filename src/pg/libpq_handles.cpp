// Turns libpq's results and connection states into pg::Result and pg::Error.
#include "pg/libpq_handles.hpp"

#include "log/log.hpp"

namespace moai::pg {
namespace {

std::string field(const PGresult* result, int code) {
    const char* text = PQresultErrorField(result, code);
    return text == nullptr ? std::string() : std::string(text);
}

/// libpq's own messages span lines ("...unexpectedly\n\tThis probably means..."); a log line and a JSON field want one.
std::string on_one_line(const char* message) {
    std::string line;
    for (const char* at = message; *at != '\0'; ++at) {
        if (*at != '\n' && *at != '\t') {
            line += *at;
        } else if (!line.empty() && line.back() != ' ') {
            line += ' ';
        }
    }
    while (!line.empty() && line.back() == ' ') {
        line.pop_back();
    }
    return line;
}

}  // namespace

Error connection_error(const PGconn* connection) {
    std::string message = on_one_line(PQerrorMessage(connection));
    if (message.empty()) {
        message = "the connection to the database was lost";
    }
    return {"", message};
}

bool is_copy(const PGresult* result) noexcept {
    const ExecStatusType status = PQresultStatus(result);
    return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
}

std::optional<Error> error_of(PGconn* connection, const PGresult* result) {
    if (result == nullptr) {
        return connection_error(connection);
    }
    if (is_copy(result)) {
        return Error("08P01", "COPY is not possible on this connection");
    }
    const ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY) {
        return std::nullopt;
    }
    std::string primary = field(result, PG_DIAG_MESSAGE_PRIMARY);
    if (primary.empty()) {
        primary = on_one_line(PQresultErrorMessage(result));
    }
    if (primary.empty()) {
        return connection_error(connection);
    }
    return Error(field(result, PG_DIAG_SQLSTATE), primary, field(result, PG_DIAG_MESSAGE_DETAIL),
                 field(result, PG_DIAG_MESSAGE_HINT));
}

bool must_prepare_again(const Error& error) noexcept {
    return error.sqlstate() == "0A000" || error.sqlstate() == "26000";
}

void log_notices(PGconn* connection) {
    PQsetNoticeProcessor(
        connection,
        [](void*, const char* message) {
            log::debug("postgres notice", {{"message", on_one_line(message)}});
        },
        nullptr);
}

Result await_results(PGconn* connection, int sent) {
    if (sent == 0) {
        throw connection_error(connection);
    }
    std::optional<Error> first_error;
    Result rows;
    for (bool copy = false; !copy;) {
        PGresult* result = PQgetResult(connection);
        if (result == nullptr) {
            break;
        }
        Result owner(result);
        copy = is_copy(result);
        if (auto error = error_of(connection, result); !error) {
            rows = std::move(owner);
        } else if (!first_error) {
            first_error.emplace(std::move(*error));
        }
    }
    if (first_error) {
        throw std::move(*first_error);
    }
    return rows;
}

bool take_results(PGconn* connection, std::optional<Result>& rows, std::optional<Error>& failure) {
    while (PQisBusy(connection) == 0) {
        PGresult* result = PQgetResult(connection);
        if (result == nullptr) {
            return true;
        }
        Result owner(result);
        if (auto error = error_of(connection, result)) {
            // The first error says what happened; on a dying connection others follow.
            if (!failure) {
                failure.emplace(std::move(*error));
            }
        } else {
            rows = std::move(owner);
        }
        if (is_copy(result)) {
            return true;
        }
    }
    return false;
}

ParameterValues::ParameterValues(std::span<const Param> params) {
    texts_.reserve(params.size());
    pointers_.reserve(params.size());
    for (const Param& param : params) {
        if (!param) {
            pointers_.push_back(nullptr);
            continue;
        }
        if (param->find('\0') != std::string_view::npos) {
            throw Error("22021", "a text parameter holds a zero byte", "$" + std::to_string(pointers_.size() + 1));
        }
        pointers_.push_back(texts_.emplace_back(*param).c_str());
    }
}

}  // namespace moai::pg
