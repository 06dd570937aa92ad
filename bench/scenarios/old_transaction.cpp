// A transaction that stays open keeps every dead row of the queue: what claims, and deliveries, take meanwhile.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "pg/connection.hpp"
#include "scenarios/scenarios.hpp"
#include "support/child.hpp"
#include "support/database.hpp"
#include "support/metrics.hpp"
#include "support/sink.hpp"
#include "support/sql_load.hpp"

namespace moai::bench {
namespace {

constexpr const char* kClaims = "moai_claim_seconds";
constexpr const char* kFirstBytes = "moai_publish_to_first_byte_seconds";

}  // namespace

void old_transaction(Run& run) {
    while (run.next()) {
        const Sink sink;
        const Database database;
        subscribe(database.url(), sink.url());
        const Api moai(database.url(), "run");
        pg::Connection old(database.url(), "bench old transaction"), counters(database.url(), "bench");
        old.script("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pg_class; SELECT pg_current_xact_id()");
        counters.query("SELECT pg_stat_statements_reset()");
        run.say("the transaction is open");
        std::int64_t published = 0;
        double late_ms = 0;
        const auto publish_for = [&](double minutes) {
            const auto load = run_sql_load({.database_url = database.url(),
                                            .publishers = run.count("publishers"),
                                            .seconds = 60 * minutes,
                                            .rate = run.number("rate")});
            published += load.published;
            late_ms = std::max(late_ms, load.late_ms);
        };
        publish_for(run.number("minutes") * 0.8);
        const auto claims = histogram_of(moai.port(), kClaims), first_bytes = histogram_of(moai.port(), kFirstBytes);
        publish_for(run.number("minutes") * 0.2);
        static_cast<void>(sink.wait_for(static_cast<std::uint64_t>(published),
                                        std::chrono::steady_clock::now() + std::chrono::seconds(20)));
        const auto all_claims = histogram_of(moai.port(), kClaims);
        const auto own = counters.query(
            "SELECT coalesce(sum(total_exec_time) / nullif(sum(calls), 0), 0), coalesce(max(max_exec_time), 0) "
            "FROM pg_stat_statements WHERE toplevel AND query LIKE 'SELECT * FROM moai.claim_deliveries(%'");
        const auto dead = counters.query(
            "SELECT n_dead_tup FROM pg_stat_user_tables WHERE relid = 'moai_private.delivery'::regclass");
        old.script("ROLLBACK");

        run.figure("claim_p99", 1000 * bound_of(all_claims, 0.99),
                   fmt::format("{} dead rows in the queue at the end; publishers at most {:.0f} ms late",
                               dead.text(0, 0), late_ms));
        run.figure("claim_p99_end", 1000 * bound_of(all_claims - claims, 0.99));
        run.figure("claim_mean", std::stod(std::string(own.text(0, 0))),
                   fmt::format("the slowest {:.0f} ms", std::stod(std::string(own.text(0, 1)))));
        run.figure("first_byte_p99_end", 1000 * bound_of(histogram_of(moai.port(), kFirstBytes) - first_bytes, 0.99));
        run.figure("delivered", static_cast<double>(
                                    std::min<std::uint64_t>(sink.requests(), static_cast<std::uint64_t>(published))) /
                                    static_cast<double>(published));
    }
}

}  // namespace moai::bench
