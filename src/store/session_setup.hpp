// What each of the worker's sessions is set to before its first statement.
#pragma once

#include <string>
#include <vector>

namespace moai::store {

/// Server-side TCP keepalives: a worker host that vanishes frees its session, and the locks it holds, within 25
/// seconds. PostgreSQL ignores them on Unix sockets.
/// READ COMMITTED whatever the database's default is: above it, a claim would fail on each row that another has just
/// changed.
[[nodiscard]] inline std::vector<std::string> worker_session_setup() {
    return {"SET tcp_keepalives_idle = 10", "SET tcp_keepalives_interval = 5", "SET tcp_keepalives_count = 3",
            "SET default_transaction_isolation = 'read committed'"};
}

}  // namespace moai::store
