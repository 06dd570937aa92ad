// Drain: N preloaded deliveries to one fast local receiver by one worker. Prints deliveries/s, from the first arrival
// to the last, and SQL statements per delivery (top level, and with those inside functions) from pg_stat_statements.
#include <fmt/format.h>

#include <cstdlib>

#include "child.hpp"
#include "pg/connection.hpp"
#include "setup.hpp"
#include "sink.hpp"

int main(int argc, char** argv) {
    using namespace moai::bench;
    const int count = argc > 1 ? std::atoi(argv[1]) : 50'000;
    Sink sink;
    const Database database;
    subscribe(database.url(), sink.url());
    preload(database.url(), count);
    moai::pg::Connection connection(database.url(), "bench");
    connection.query("SELECT pg_stat_statements_reset()");

    const Child worker({"work", "--database-url", database.url(), "--log-level", "warning"});
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(2);
    if (!sink.wait_for(static_cast<std::uint64_t>(count), deadline)) {
        fmt::print(stderr, "only {} of {} came\n", sink.requests(), count);
        return 1;
    }
    while (connection.query("SELECT FROM moai.delivery WHERE finished_at IS NULL LIMIT 1").rows() > 0) {
        if (std::chrono::steady_clock::now() > deadline) {
            return 1;
        }
    }
    const auto calls = connection.query(
        "SELECT coalesce(sum(calls) FILTER (WHERE toplevel), 0), coalesce(sum(calls), 0) FROM pg_stat_statements "
        "WHERE query ~ 'claim_deliveries|complete_deliveries|moai_private' AND query !~ 'FROM moai.delivery WHERE'");
    const auto per = [&](int column) { return std::atof(std::string(calls.text(0, column)).c_str()) / count; };
    fmt::print("drain deliveries={} rate={:.0f}/s statements_per_delivery={:.4f} with_nested={:.4f} rss_mib={:.1f}\n",
               count, count / sink.span().count(), per(0), per(1), static_cast<double>(worker.resident_kib()) / 1024);
    return 0;
}
