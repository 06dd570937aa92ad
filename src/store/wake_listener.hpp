// Hears the doorbell (NOTIFY moai_wake), the call for help (NOTIFY moai_help), and of endpoints that begin anew
// (NOTIFY moai_endpoint).
#pragma once

#include <functional>
#include <string>

#include "base/event_loop.hpp"
#include "pg/async_connection.hpp"

namespace moai::store {

/// One LISTEN session, never in a transaction. Not thread-safe: lives on its loop's thread.
/// Notifications sent while it was away are gone: on_ready must be answered with a full claim.
class WakeListener {
public:
    struct Callbacks {
        std::function<void(int sender_pid)> on_wake;  ///< the backend that rang
        std::function<void()> on_help;                ///< the sentinel cannot carry all that is due
        std::function<void(const std::string& subscription_id)> on_endpoint_renewed;
        std::function<void()> on_ready;  ///< listening (again)
        std::function<void(const pg::Error&)> on_lost;
    };

    /// The session shows as 'moai worker <worker_name>' in pg_stat_activity.
    WakeListener(base::EventLoop& loop, const std::string& database_url, const std::string& worker_name,
                 const Callbacks& callbacks);

    void start();
    void close();
    [[nodiscard]] bool listening() const noexcept;

private:
    pg::AsyncConnection connection_;
};

}  // namespace moai::store
