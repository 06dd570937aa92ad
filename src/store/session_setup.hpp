// What each of the worker's sessions is set to before its first statement.
#pragma once

#include <string>
#include <vector>

namespace moai::store {

/// Whatever the role's and the database's defaults are, because they were set with people's sessions in mind:
/// - Server-side TCP keepalives, and a limit for what is sent and not acknowledged, meanwhile which no keepalive is
///   sent: a worker host that vanishes frees its session, and the locks it holds, within 25 seconds. PostgreSQL ignores
///   them on Unix sockets.
/// - READ COMMITTED: above it, a claim would fail on each row that another has just changed.
/// - No statement waits long for a lock or runs without end: an open transaction of somebody else's must not stop a
///   worker. The client's own deadline (30 s) comes after these, for servers that do not answer at all.
/// - A worker's session may be idle as long as it likes, but never inside a transaction.
[[nodiscard]] inline std::vector<std::string> worker_session_setup() {
    return {"SET tcp_keepalives_idle = 10",
            "SET tcp_keepalives_interval = 5",
            "SET tcp_keepalives_count = 3",
            "SET tcp_user_timeout = 25000",
            "SET default_transaction_isolation = 'read committed'",
            "SET lock_timeout = '2s'",
            "SET statement_timeout = '20s'",
            "SET idle_session_timeout = 0",
            "SET idle_in_transaction_session_timeout = '30s'"};
}

}  // namespace moai::store
