// By the public functions and views of the schema.
#include "support/moai_sql.hpp"

#include <cstdlib>
#include <stdexcept>

namespace moai::test {

std::string value(pg::Connection& connection, const std::string& sql, std::initializer_list<pg::Param> params) {
    const pg::Result result = connection.query(sql, params);
    if (result.rows() == 0) {
        throw std::runtime_error("no row from " + sql);
    }
    return std::string(result.text(0, 0));
}

std::int64_t number(pg::Connection& connection, const std::string& sql, std::initializer_list<pg::Param> params) {
    return std::stoll(value(connection, sql, params));
}

TestSubscription subscribe(pg::Connection& connection, const std::string& url, const std::string& more) {
    const pg::Result result =
        connection.query("SELECT id, secret FROM moai.create_subscription(url => $1, event_types => '{*}'" +
                             (more.empty() ? "" : ", " + more) + ")",
                         {url});
    return {std::string(result.text(0, 0)), std::string(result.text(0, 1))};
}

std::string publish(pg::Connection& connection, const std::string& payload, const std::string& type) {
    return value(connection, "SELECT moai.publish($1, $2)", {type, payload});
}

std::int64_t stuck_publishing_threads(pg::Connection& connection) {
    return number(connection,
                  "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'relation'"
                  " AND application_name = 'moai api' AND query LIKE '%moai_rest.publish_group(%'");
}

std::vector<LoggedAttempt> attempts_of(pg::Connection& connection, const std::string& event_id) {
    const pg::Result rows = connection.query(
        "SELECT attempt_no, coalesce(http_status, 0), error_class, terminal_state, worker, is_orphan,"
        " (extract(epoch FROM started_at) * 1000000)::bigint, (extract(epoch FROM recorded_at) * 1000000)::bigint,"
        " coalesce((extract(epoch FROM next_due_at) * 1000000)::bigint, 0), coalesce(total_us, 0)"
        " FROM moai.attempt WHERE event_id = $1 ORDER BY started_at",
        {event_id});
    const auto integer = [&](int row, int column) { return std::stoll(std::string(rows.text(row, column))); };
    std::vector<LoggedAttempt> attempts;
    for (int row = 0; row < rows.rows(); ++row) {
        LoggedAttempt attempt;
        attempt.number = static_cast<int>(integer(row, 0));
        attempt.http_status = static_cast<int>(integer(row, 1));
        attempt.error_class = rows.text(row, 2);
        attempt.terminal_state = rows.text(row, 3);
        attempt.worker = rows.text(row, 4);
        attempt.is_orphan = rows.text(row, 5) == "t";
        attempt.started_at_us = integer(row, 6);
        attempt.recorded_at_us = integer(row, 7);
        attempt.next_due_at_us = integer(row, 8);
        attempt.total_us = integer(row, 9);
        attempts.push_back(std::move(attempt));
    }
    return attempts;
}

std::string state_of(pg::Connection& connection, const std::string& event_id) {
    return value(connection, "SELECT state FROM moai.delivery WHERE event_id = $1", {event_id});
}

std::int64_t unix_us(std::chrono::steady_clock::time_point when) {
    using std::chrono::microseconds;
    const auto age = std::chrono::steady_clock::now() - when;
    const auto wall =
        std::chrono::system_clock::now() - std::chrono::duration_cast<std::chrono::system_clock::duration>(age);
    return std::chrono::duration_cast<microseconds>(wall.time_since_epoch()).count();
}

std::vector<std::string> server(const std::string& command, const std::string& database_url,
                                std::initializer_list<std::string> more) {
    std::vector<std::string> arguments{command, "--database-url", database_url};
    if (command != "work") {
        arguments.insert(arguments.end(), {"--listen", "127.0.0.1:0"});
    }
    arguments.insert(arguments.end(), more);
    return arguments;
}

std::uint16_t api_port(MoaiProcess& process) {
    return static_cast<std::uint16_t>(std::stoi(process.await(R"(API listening url=http://127\.0\.0\.1:(\d+))")));
}

}  // namespace moai::test
