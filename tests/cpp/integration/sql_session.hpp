// What the tests of the schema by several sessions share: one value out of a statement, the SQLSTATE of a refusal, many
// clients at once.
#pragma once

#include <chrono>
#include <exception>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "pg/connection.hpp"

namespace moai::test {

/// A connection with the shorthand of a test. One thread at a time; throws pg::Error like the connection itself.
class SqlSession {
public:
    explicit SqlSession(const std::string& url) : connection_(url, "sql test") {}

    /// The first column of the first row; "" for NULL. Throws std::runtime_error if there is no row.
    std::string value(const std::string& sql, std::initializer_list<pg::Param> params = {}) {
        const pg::Result result = connection_.query(sql, params);
        if (result.rows() == 0) {
            throw std::runtime_error("no row: " + sql);
        }
        return std::string(result.text(0, 0));
    }
    int number(const std::string& sql, std::initializer_list<pg::Param> params = {}) {
        return std::stoi(value(sql, params));
    }
    void run(const std::string& script) { connection_.script(script); }

    /// The SQLSTATE that the script is refused with; "" if it is not.
    std::string refusal(const std::string& script) {
        try {
            connection_.script(script);
        } catch (const pg::Error& error) {
            return error.sqlstate();
        }
        return "";
    }
    [[nodiscard]] int pid() const noexcept { return connection_.backend_pid(); }

private:
    pg::Connection connection_;
};

/// Runs body(0) to body(count - 1), each on a thread of its own, and throws what the first to fail threw.
inline void in_parallel(int count, const std::function<void(int)>& body) {
    std::mutex mutex;
    std::exception_ptr failure;
    std::vector<std::jthread> threads;
    for (int i = 0; i < count; ++i) {
        threads.emplace_back([&, i] {
            try {
                body(i);
            } catch (const std::exception&) {
                const std::lock_guard lock(mutex);
                failure = failure ? failure : std::current_exception();
            }
        });
    }
    threads.clear();
    if (failure) {
        std::rethrow_exception(failure);
    }
}

/// Returns when the backend `pid` waits for a lock. Throws std::runtime_error if it does not within 10 s.
inline void wait_until_blocked(SqlSession& observer, int pid) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (observer.value("SELECT cardinality(pg_blocking_pids($1::int)) > 0", {std::to_string(pid)}) != "t") {
        if (std::chrono::steady_clock::now() > deadline) {
            throw std::runtime_error("backend " + std::to_string(pid) + " waits for nobody");
        }
        std::this_thread::yield();
    }
}

/// A subscription of `tenant` to everything, its id.
inline std::string subscribe(SqlSession& sql, const std::string& tenant = "default") {
    return sql.value("SELECT id FROM moai.create_subscription('https://receiver.test/', '{*}', tenant => $1)",
                     {tenant});
}

/// The results of everything that `claim` (a SELECT of claimed rows) returns, all with this outcome, as
/// moai.complete_deliveries takes them.
inline std::string results_of(const std::string& claim, const std::string& outcome) {
    return "SELECT coalesce(json_agg(json_build_object('event_id', event_id, 'subscription_id', subscription_id, "
           "'lease_token', lease_token, "
           "'attempt_no', attempt_no, 'outcome', '" +
           outcome +
           "', 'started_at_us', claimed_at_us, 'http_status', 200)) "
           "FILTER (WHERE event_id IS NOT NULL), '[]') FROM (" +
           claim + ") AS c";
}

}  // namespace moai::test
