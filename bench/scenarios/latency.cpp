// Events at a low rate, one worker otherwise idle: from just before the publishing statement is sent to the first byte;
// and what of it is spent where.
#include <stdexcept>

#include "pg/connection.hpp"
#include "scenarios/scenarios.hpp"
#include "support/child.hpp"
#include "support/database.hpp"
#include "support/sink.hpp"
#include "support/sql_load.hpp"
#include "support/statistics.hpp"

namespace moai::bench {
namespace {

/// Of each event after the warm-up, in microseconds. `url`: as whom, and how, the publisher connects.
std::vector<std::int64_t> latencies_of(const Run& run, const std::string& url) {
    Sink sink;
    const Database database;
    subscribe(database.url(), sink.url());
    const Child worker(worker_arguments(database.url()));
    const double warm_up = run.number("warm_up");
    const auto load = run_sql_load(
        {.database_url = database.url() + url, .seconds = warm_up + run.number("seconds"), .rate = run.number("rate")});
    if (!sink.wait_for(static_cast<std::uint64_t>(load.published),
                       std::chrono::steady_clock::now() + std::chrono::seconds(30))) {
        throw std::runtime_error("not all events came");
    }
    std::vector<std::int64_t> latencies;
    for (const auto& arrival : sink.arrivals()) {
        if (arrival.seq > static_cast<std::int64_t>(warm_up * run.number("rate"))) {
            latencies.push_back(arrival.first_byte_us - arrival.sent_at_us);
        }
    }
    return latencies;
}

/// The mean time of a statement in milliseconds, COMMIT excluded.
double mean_ms(pg::Connection& statistics, const std::string& like) {
    const auto row = statistics.query(
        "SELECT coalesce(sum(total_exec_time) / nullif(sum(calls), 0), 0) FROM pg_stat_statements WHERE toplevel AND "
        "query LIKE $1",
        {like});
    return std::stod(std::string(row.text(0, 0)));
}

}  // namespace

void latency(Run& run) {
    while (run.next()) {
        const Database counters;
        pg::Connection statistics(counters.url(), "bench");
        statistics.query("SELECT pg_stat_statements_reset()");
        const auto latencies = latencies_of(run, "");
        run.figure("p50", percentile_ms(latencies, 0.5));
        run.figure("p99", percentile_ms(latencies, 0.99));
        run.figure("max", percentile_ms(latencies, 1));
        run.figure("publish_mean", mean_ms(statistics, "%moai.publish(%"));
        run.figure("claim_mean", mean_ms(statistics, "SELECT * FROM moai.claim_deliveries(%"));
        run.figure("p50_unflushed", percentile_ms(latencies_of(run, "&options=-csynchronous_commit%3Doff"), 0.5));
    }
}

}  // namespace moai::bench
