// A PostgreSQL connection driven by an event loop: connecting, statements and notifications never block the loop.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/event_loop.hpp"
#include "pg/error.hpp"
#include "pg/result.hpp"

namespace moai::pg {

/// What NOTIFY sent.
struct Notification {
    std::string channel, payload;
    int sender_pid = 0;  ///< the sender's backend_pid()
};

/// Keeps itself connected: on loss it reconnects with jittered exponential backoff (100 ms doubling to 5 s). Where the
/// URL names several servers it tries each for connect_timeout, beginning with the one that served last.
/// Not thread-safe: lives on its loop's thread. The address of the socket may change at each reconnect; nobody else
/// watches it.
class AsyncConnection {
public:
    struct Options {
        std::string database_url;
        std::string application_name;
        /// Statements run (one by one) at each (re)connect before on_ready: LISTEN, SET, PREPARE.
        std::vector<std::string> session_setup;
        /// A statement that is not answered by then loses the connection; longer than the session's statement_timeout.
        std::chrono::milliseconds statement_deadline{30'000};
    };
    struct Callbacks {
        std::function<void()> on_ready;             ///< connected and session_setup done
        std::function<void(const Error&)> on_lost;  ///< connection lost or not made; a reconnect is scheduled
        std::function<void(const Notification&)> on_notify;
    };
    /// Exactly one of the two is given: rows, or the error (connection_lost(): the outcome is unknown).
    using Done = std::function<void(Result rows, const Error* error)>;

    AsyncConnection(base::EventLoop& loop, Options options, Callbacks callbacks);
    ~AsyncConnection();
    AsyncConnection(const AsyncConnection&) = delete;
    AsyncConnection& operator=(const AsyncConnection&) = delete;

    /// Starts connecting; returns at once.
    void start();
    /// Sends one prepared statement (prepared once per session, by its text) with text parameters, which are copied.
    /// Repeated once if it must be prepared again before it can run.
    /// REQUIRES: ready() and no statement outstanding. `done` is called later, on the loop's thread.
    void send(const std::string& sql, const std::vector<Param>& params, Done done);

    /// Connected, set up, and no statement outstanding.
    [[nodiscard]] bool ready() const noexcept;
    [[nodiscard]] bool connected() const noexcept;
    /// Of the server's process for this session; 0 while not connected.
    [[nodiscard]] int backend_pid() const noexcept;
    /// Closes for good; an outstanding `done` is called with a connection_lost error, within the call. The destructor
    /// closes too, but calls nobody. Any callback may close or destroy the connection.
    void close();

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace moai::pg
