// A bounded set of blocking connections shared by the API's threads.
#pragma once

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "pg/connection.hpp"

namespace moai::pg {

/// No connection came free in time.
class PoolExhausted : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Safe from any thread. Connections are made when first needed; one that is lost or left in a transaction is dropped,
/// not returned. After a failed connect, further attempts within a jittered, growing backoff (100 ms to 5 s) fail at
/// once with the same error.
class Pool {
public:
    struct Options {
        std::string database_url;
        std::string application_name;
        std::string session_setup;  ///< run once per connection, e.g. "SET statement_timeout = '10s'"
        std::size_t size = 16;
        std::chrono::milliseconds wait{2'000};
    };

    /// A borrowed connection; returns it when destroyed.
    class Lease {
    public:
        Lease(Pool& pool, Connection connection) noexcept : pool_(&pool), connection_(std::move(connection)) {}
        Lease(Lease&& other) noexcept
            : pool_(std::exchange(other.pool_, nullptr)), connection_(std::move(other.connection_)) {}
        Lease& operator=(Lease&&) = delete;
        ~Lease();
        Connection* operator->() noexcept { return &connection_; }
        Connection& operator*() noexcept { return connection_; }

    private:
        Pool* pool_;
        Connection connection_;
    };

    explicit Pool(Options options);
    ~Pool();
    /// Throws pg::Error if a connection cannot be made, PoolExhausted after `wait`.
    [[nodiscard]] Lease acquire();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace moai::pg
