// What tests of the running program ask of and tell its database, and how they start it.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "pg/connection.hpp"
#include "support/moai_process.hpp"

namespace moai::test {

/// The first column of the first row; "" for NULL. Throws std::runtime_error if there is no row.
std::string value(pg::Connection& connection, const std::string& sql, std::initializer_list<pg::Param> params = {});
/// The same as a number.
std::int64_t number(pg::Connection& connection, const std::string& sql, std::initializer_list<pg::Param> params = {});

struct TestSubscription {
    std::string id, secret;
};
/// moai.create_subscription to `url` for every type; `more` are further named arguments: "timeout => '1 s',
/// max_attempts => 3".
[[nodiscard]] TestSubscription subscribe(pg::Connection& connection, const std::string& url,
                                         const std::string& more = "");
/// moai.publish; the event's id.
std::string publish(pg::Connection& connection, const std::string& payload = "{}",
                    const std::string& type = "test.event");

/// How many of the API's sessions wait for a table's lock while they publish a group.
[[nodiscard]] std::int64_t stuck_publishing_threads(pg::Connection& connection);

/// One row of moai.attempt. Times in microseconds since 1970.
struct LoggedAttempt {
    int number = 0;
    int http_status = 0;
    std::string error_class, terminal_state, worker;
    bool is_orphan = false;
    std::int64_t started_at_us = 0, recorded_at_us = 0;
    std::int64_t next_due_at_us = 0;  ///< 0: no retry followed
    std::int64_t total_us = 0;
};
/// Those of an event, oldest first.
[[nodiscard]] std::vector<LoggedAttempt> attempts_of(pg::Connection& connection, const std::string& event_id);
/// The state of an event's only delivery.
[[nodiscard]] std::string state_of(pg::Connection& connection, const std::string& event_id);

/// Unix time in microseconds of an instant of the steady clock.
[[nodiscard]] std::int64_t unix_us(std::chrono::steady_clock::time_point when);

/// "moai <command> --database-url <url>" and `more`, APIs on a port of the kernel's choice.
[[nodiscard]] std::vector<std::string> server(const std::string& command, const std::string& database_url,
                                              std::initializer_list<std::string> more = {});
/// The port of its API, once it listens.
[[nodiscard]] std::uint16_t api_port(MoaiProcess& process);

}  // namespace moai::test
