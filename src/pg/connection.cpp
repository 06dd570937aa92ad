// Connection on blocking libpq calls.
#include "pg/connection.hpp"

#include <poll.h>

#include <string>
#include <unordered_map>
#include <utility>

#include "pg/connection_parameters.hpp"
#include "pg/libpq_handles.hpp"

namespace moai::pg {

struct Connection::Impl {
    ConnectionHandle handle;
    std::unordered_map<std::string, std::string> prepared;  // statement text -> its name
    int last_name = 0;

    const std::string& prepared_name(const std::string& sql) {
        const auto found = prepared.find(sql);
        if (found != prepared.end()) {
            return found->second;
        }
        std::string name = "moai_" + std::to_string(++last_name);
        // No parameter types: the server infers them.
        std::ignore = await_results(handle.get(), PQsendPrepare(handle.get(), name.c_str(), sql.c_str(), 0, nullptr));
        return prepared.emplace(sql, std::move(name)).first->second;
    }

    Result run_prepared(const std::string& sql, const ParameterValues& values) {
        const std::string& name = prepared_name(sql);
        return await_results(handle.get(), PQsendQueryPrepared(handle.get(), name.c_str(), values.count(),
                                                               values.pointers(), nullptr, nullptr, 0));
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
        return await_results(connection, PQsendQueryParams(connection, sql.c_str(), values.count(), nullptr,
                                                           values.pointers(), nullptr, nullptr, 0));
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
    return await_results(impl_->handle.get(), PQsendQuery(impl_->handle.get(), sql.c_str()));
}

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
