// Connection on blocking libpq calls.
#include "pg/connection.hpp"

#include <poll.h>

#include <array>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "pg/connection_parameters.hpp"
#include "pg/libpq_handles.hpp"

namespace moai::pg {

namespace {

struct FreeCancel {
    void operator()(PGcancel* cancel) const noexcept { PQfreeCancel(cancel); }
};

/// It may come too late, and it may not arrive: how the statement ends tells.
void request_cancel(PGconn* connection) {
    const std::unique_ptr<PGcancel, FreeCancel> cancel(PQgetCancel(connection));
    std::array<char, 256> why{};
    PQcancel(cancel.get(), why.data(), static_cast<int>(why.size()));
}

}  // namespace

struct Connection::Impl {
    ConnectionHandle handle;
    int interrupter = -1;
    std::function<void()> on_interrupted;
    bool interrupted = false;
    std::unordered_map<std::string, std::string> prepared;  // statement text -> its name
    int last_name = 0;

    const std::string& prepared_name(const std::string& sql) {
        const auto found = prepared.find(sql);
        if (found != prepared.end()) {
            return found->second;
        }
        std::string name = "moai_" + std::to_string(++last_name);
        // No parameter types: the server infers them.
        std::ignore = await(PQsendPrepare(handle.get(), name.c_str(), sql.c_str(), 0, nullptr));
        return prepared.emplace(sql, std::move(name)).first->second;
    }

    Result run_prepared(const std::string& sql, const ParameterValues& values) {
        const std::string& name = prepared_name(sql);
        return await(
            PQsendQueryPrepared(handle.get(), name.c_str(), values.count(), values.pointers(), nullptr, nullptr, 0));
    }

    Result await(int sent) {
        if (sent != 0 && interrupter >= 0) {
            watch();
        }
        return await_results(handle.get(), sent);
    }

    /// Sends what is not sent yet, and returns when the server has begun to answer or the connection is lost. An
    /// interruption cancels the statement.
    void watch() {
        PGconn* connection = handle.get();
        for (;;) {
            const int unsent = PQflush(connection);
            if (unsent < 0 || (unsent == 0 && PQisBusy(connection) == 0)) {
                return;
            }
            const auto wanted = static_cast<short>(unsent == 1 ? POLLIN | POLLOUT : POLLIN);
            std::array<pollfd, 2> watched{{{PQsocket(connection), wanted, 0}, {interrupter, POLLIN, 0}}};
            if (::poll(watched.data(), watched.size(), -1) < 0) {
                continue;  // EINTR
            }
            if (watched[1].revents != 0) {
                interrupter = -1;
                interrupted = true;
                on_interrupted();
                request_cancel(connection);
            }
            if (watched[0].revents != 0 && PQconsumeInput(connection) == 0) {
                return;
            }
        }
    }

    /// The server asks for rows: sends them all, without ever waiting where nothing can be interrupted.
    void feed(std::string_view rows) {
        PGconn* connection = handle.get();
        if (PQsetnonblocking(connection, 1) != 0 ||
            PQputCopyData(connection, rows.data(), static_cast<int>(rows.size())) < 0 ||
            PQputCopyEnd(connection, nullptr) < 0) {
            throw connection_error(connection);
        }
        watch();
        PQsetnonblocking(connection, 0);
    }

    [[nodiscard]] bool idle() const noexcept { return PQtransactionStatus(handle.get()) == PQTRANS_IDLE; }
};

Connection::Connection(const std::string& database_url, const std::string& application_name)
    : impl_(std::make_unique<Impl>()) {
    const ConnectionParameters parameters(database_url, application_name);
    impl_->handle.reset(PQconnectdbParams(parameters.keywords(), parameters.values(), 0));
    if (impl_->handle == nullptr) {
        throw std::bad_alloc();
    }
    if (PQstatus(impl_->handle.get()) != CONNECTION_OK) {
        throw connection_error(impl_->handle.get());
    }
    log_notices(impl_->handle.get());
}

Connection::~Connection() = default;
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;

Result Connection::query(const std::string& sql, std::span<const Param> params, bool prepare) {
    const ParameterValues values(params);
    PGconn* connection = impl_->handle.get();
    if (!prepare) {
        return impl_->await(PQsendQueryParams(connection, sql.c_str(), values.count(), nullptr, values.pointers(),
                                              nullptr, nullptr, 0));
    }
    const bool alone = impl_->idle();
    try {
        return impl_->run_prepared(sql, values);
    } catch (const Error& error) {
        // Inside the caller's transaction block the failure has spoiled the block: only the caller can repeat it.
        if (!must_prepare_again(error) || impl_->prepared.erase(sql) == 0 || !alone) {
            throw;
        }
    }
    return impl_->run_prepared(sql, values);
}

Result Connection::script(const std::string& sql) {
    return impl_->await(PQsendQuery(impl_->handle.get(), sql.c_str()));
}

void Connection::copy_in(const std::string& sql, std::string_view rows) {
    PGconn* connection = impl_->handle.get();
    if (PQsendQuery(connection, sql.c_str()) == 0) {
        throw connection_error(connection);
    }
    if (impl_->interrupter >= 0) {
        impl_->watch();
    }
    PGresult* begun = PQgetResult(connection);
    const Result owner(begun);
    const bool asks_for_rows = PQresultStatus(begun) == PGRES_COPY_IN;
    std::optional<Error> refusal;
    if (asks_for_rows) {
        impl_->feed(rows);
    } else {
        refusal = error_of(connection, begun);
    }
    std::ignore = await_results(connection, 1);
    if (!asks_for_rows) {
        throw refusal.value_or(Error("08P01", "the statement is no COPY ... FROM STDIN"));
    }
}

void Connection::interrupt_by(int descriptor, std::function<void()> taken) {
    impl_->interrupter = descriptor;
    impl_->on_interrupted = std::move(taken);
}

bool Connection::interrupted() const noexcept { return impl_->interrupted; }

bool Connection::usable() const noexcept {
    if (impl_ == nullptr || PQstatus(impl_->handle.get()) != CONNECTION_OK) {
        return false;
    }
    // Active here, between two calls, means that a COPY was begun and will never be ended.
    return PQtransactionStatus(impl_->handle.get()) != PQTRANS_ACTIVE;
}

bool Connection::still_there() noexcept {
    if (!usable()) {
        return false;
    }
    PGconn* connection = impl_->handle.get();
    // The last words come first and only then the end of the stream: read until there is nothing more.
    for (pollfd socket{PQsocket(connection), POLLIN, 0}; ::poll(&socket, 1, 0) > 0;) {
        if (PQconsumeInput(connection) == 0) {
            return false;
        }
    }
    return true;
}

bool Connection::in_transaction() const noexcept { return impl_ != nullptr && !impl_->idle(); }

int Connection::backend_pid() const noexcept { return PQbackendPID(impl_->handle.get()); }

}  // namespace moai::pg
