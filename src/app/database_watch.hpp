// Knows from memory whether the API can work: one idle connection whose loss the kernel reports.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "base/backoff.hpp"
#include "base/event_loop.hpp"
#include "migrate/runner.hpp"
#include "pg/async_connection.hpp"

namespace moai::app {

/// Holds one connection on a thread of its own, reconnects by itself, and checks the schema after each connect. Where
/// the schema is not current it looks again, at growing, jittered intervals of up to 5 s; where it is, it runs no query
/// while nothing happens. The getters are safe from any thread and never wait.
class DatabaseWatch {
public:
    /// Called once, on the watch's thread, if that thread ends by an exception.
    using OnFailure = std::function<void(const std::string& why)>;

    DatabaseWatch(const std::string& database_url, OnFailure on_failure);
    ~DatabaseWatch();
    DatabaseWatch(const DatabaseWatch&) = delete;
    DatabaseWatch& operator=(const DatabaseWatch&) = delete;

    [[nodiscard]] bool reachable() const noexcept { return reachable_; }
    /// Nothing until the first check, and where a check gave no answer.
    [[nodiscard]] std::optional<migrate::SchemaState> schema() const noexcept {
        const int known = schema_;
        return known == kUnknown ? std::nullopt : std::optional(static_cast<migrate::SchemaState>(known));
    }

private:
    void run();
    void connected();
    void check_schema();
    void learn(std::optional<migrate::SchemaState> state);
    void look_again_later();

    migrate::Runner runner_;
    OnFailure on_failure_;
    std::atomic<bool> reachable_{false};
    // Not an atomic optional: for that Clang calls libatomic.
    static constexpr int kUnknown = -1;
    std::atomic<int> schema_{kUnknown};
    base::Backoff backoff_;
    base::EventLoop loop_;
    base::EventLoop::TimerId next_look_ = 0;
    pg::AsyncConnection connection_;
    std::thread thread_;
};

}  // namespace moai::app
