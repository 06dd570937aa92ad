// Knows from memory whether the API can work: one idle connection whose loss the kernel reports.
#pragma once

#include <atomic>
#include <string>
#include <thread>

#include "base/event_loop.hpp"
#include "migrate/runner.hpp"
#include "pg/async_connection.hpp"

namespace moai::app {

/// Holds one connection on a thread of its own, reconnects by itself, checks the schema after each connect, and runs no
/// query while nothing happens. The getters are safe from any thread and never wait.
class DatabaseWatch {
public:
    explicit DatabaseWatch(const std::string& database_url);
    ~DatabaseWatch();
    DatabaseWatch(const DatabaseWatch&) = delete;
    DatabaseWatch& operator=(const DatabaseWatch&) = delete;

    [[nodiscard]] bool reachable() const noexcept { return reachable_; }
    [[nodiscard]] migrate::SchemaState schema() const noexcept { return schema_; }

private:
    void check_schema();

    migrate::Runner runner_;
    std::atomic<bool> reachable_{false};
    std::atomic<migrate::SchemaState> schema_{migrate::SchemaState::missing};
    base::EventLoop loop_;
    pg::AsyncConnection connection_;
    std::thread thread_;
};

}  // namespace moai::app
