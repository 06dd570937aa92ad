// Who is in office and who sleeps, as the database sees it: the locks of db/functions/internal/doorbell.sql.
#pragma once

#include <string>

#include "pg/connection.hpp"
#include "support/eventually.hpp"
#include "support/moai_sql.hpp"
#include "support/rest_client.hpp"

namespace moai::test {

/// The name of the worker whose session holds this lock of the doorbell (1: it sleeps, 2: it is in office); "" if
/// nobody does. `sql` sees all sessions.
inline std::string holder_of(pg::Connection& sql, int key) {
    return value(sql,
                 "SELECT coalesce(min(split_part(a.application_name, ' ', 3)), '') FROM pg_locks AS l"
                 " JOIN pg_stat_activity AS a ON a.pid = l.pid AND a.datname = current_database()"
                 " WHERE l.locktype = 'advisory' AND l.classid = 1836016993 AND l.objid = $1::int AND l.granted"
                 " AND l.mode = 'ExclusiveLock' AND l.database = (SELECT oid FROM pg_database WHERE datname = "
                 "current_database())",
                 {std::to_string(key)});
}
/// Waits until somebody sleeps in office; who.
inline std::string sleeping_sentinel(pg::Connection& sql) {
    std::string name;
    static_cast<void>(eventually([&] { return !(name = holder_of(sql, 1)).empty(); }));
    return name;
}
/// Waits until the worker `name` waits for the office.
[[nodiscard]] inline bool waits_for_office(pg::Connection& sql, const std::string& name) {
    return eventually([&] {
        return value(
                   sql,
                   "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1"
                   " AND wait_event_type = 'Lock' AND wait_event = 'advisory'",
                   {"moai sentinel " + name}) == "1";
    });
}

/// Waits until the worker `name` has made the looks that go with its start, and says no more: what it finds from now on
/// it was told of, or its safety look found it.
[[nodiscard]] inline bool has_settled(pg::Connection& sql, const std::string& name) {
    return eventually([&] {
        return value(
                   sql,
                   "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1"
                   " AND state = 'idle' AND query LIKE '%claim_%'"
                   " AND state_change < clock_timestamp() - interval '200 ms'",
                   {"moai claims " + name}) == "1";
    });
}
/// The same, and until it has asked whose deliveries are parked for the last time: who took the office does so five
/// seconds after it asked before.
[[nodiscard]] inline bool has_learned(pg::Connection& sql, const std::string& name) {
    return eventually([&] {
        return value(
                   sql,
                   "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1"
                   " AND state = 'idle' AND state_change < clock_timestamp() - interval '6 s'",
                   {"moai claims " + name}) == "1";
    });
}

/// The value of a metric, with its labels, as `moai run` tells it.
inline double metric(RestClient& api, const std::string& name) {
    const std::string text = api.request("GET", "/metrics").body;
    const auto at = text.find("\n" + name + " ");
    return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size() + 2));
}

}  // namespace moai::test
