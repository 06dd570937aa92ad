// The drain in a database with a history, against the same in one without.
#include <fmt/format.h>

#include <algorithm>

#include "pg/connection.hpp"
#include "scenarios/scenarios.hpp"
#include "support/drained.hpp"

namespace moai::bench {
namespace {

constexpr int kChunk = 100'000;

/// Events of the past seven days with their delivered attempts, written by the superuser without the fan-out.
void make_history(const Run& run, const std::string& url, int finished) {
    pg::Connection connection(url, "bench");
    connection.script("SET session_replication_role = replica; SET synchronous_commit = off");
    for (int from = 0; from < finished; from += kChunk) {
        run.say(fmt::format("history: {} of {}", from, finished));
        // Ids in the form of moai_private.uuid_v7, which takes too long ten million times.
        connection.query(
            "WITH made AS MATERIALIZED ("
            "  SELECT clock_timestamp() - make_interval(secs => 604800.0 * ($3::integer - n) / $3::integer) AS at, "
            "md5(n::text) AS noise, n"
            "  FROM generate_series($1::integer, $2::integer) AS n"
            "), dated AS MATERIALIZED ("
            "  SELECT (lpad(to_hex((extract(epoch FROM m.at) * 1000)::bigint), 12, '0') || '7' || substr(m.noise, 1, "
            "3) || '8' || "
            "          substr(m.noise, 4, 15))::uuid AS id, m.at, m.n FROM made AS m"
            "), events AS ("
            "  INSERT INTO moai_private.event (id, published_at, tenant, type, payload)"
            "  SELECT d.id, d.at, 'default', 'bench', json_build_object('seq', d.n, 'pad', repeat('x', 280)) FROM "
            "dated AS d"
            ") "
            "INSERT INTO moai_private.attempt (event_id, subscription_id, lease_token, started_at, recorded_at, "
            "attempt_no, http_status,"
            "  terminal_state, is_orphan, worker, remote_address, first_byte_us, total_us, response_bytes, "
            "response_body) "
            "SELECT d.id, s.id, d.n, d.at, d.at, 1, 200, 'delivered', false, 'bench', '127.0.0.1:80', 100, 200, 0, '' "
            "FROM dated AS d CROSS JOIN moai_private.subscription AS s",
            {std::to_string(from + 1), std::to_string(std::min(from + kChunk, finished)), std::to_string(finished)});
    }
}

}  // namespace

void history(Run& run) {
    const int deliveries = run.count("deliveries");
    Sink sink;
    const Database with, without;
    for (const auto* database : {&with, &without}) {
        subscribe(database->url(), sink.url());
    }
    make_history(run, with.url(), run.count("finished"));
    const auto rate = [&](const Database& database) {
        preload(database.url(), deliveries);
        settle(database.url());
        return drain_queue(run, database, sink, deliveries);
    };
    while (run.next()) {
        // Each goes first every other time.
        const bool first = run.repetition() % 2 == 0;
        const auto a = rate(first ? with : without);
        const auto b = rate(first ? without : with);
        const auto &full = first ? a : b, &empty = first ? b : a;
        run.figure("rate", full.rate, full.limit());
        run.figure("ratio", full.rate / empty.rate);
    }
}

}  // namespace moai::bench
