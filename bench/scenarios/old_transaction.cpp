// A transaction that stays open keeps every dead row of the queue: what claims take meanwhile.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <thread>
#include <utility>

#include "pg/connection.hpp"
#include "scenarios/scenarios.hpp"
#include "support/child.hpp"
#include "support/database.hpp"
#include "support/sink.hpp"
#include "support/sql_load.hpp"
#include "support/statistics.hpp"

namespace moai::bench {
namespace {

/// Claims one delivery 20 times a second and gives it back by rolling back: how long each took.
class Probe {
public:
    explicit Probe(const std::string& url)
        : result_(std::async(std::launch::async, [this, url] { return probe(url); })) {}
    ~Probe() { stop_ = true; }
    Probe(const Probe&) = delete;
    Probe& operator=(const Probe&) = delete;

    [[nodiscard]] std::vector<std::int64_t> end() {
        stop_ = true;
        return result_.get();
    }

private:
    std::vector<std::int64_t> probe(const std::string& url) {
        pg::Connection connection(url, "bench probe");
        std::vector<std::int64_t> took_us;
        for (auto at = std::chrono::steady_clock::now(); !stop_; at += std::chrono::milliseconds(50)) {
            std::this_thread::sleep_until(at);
            connection.query("BEGIN");
            const auto begin = now_us();
            connection.query("SELECT count(*) FROM moai.claim_deliveries('probe', 1)", {}, true);
            took_us.push_back(now_us() - begin);
            connection.query("ROLLBACK");
        }
        return took_us;
    }

    std::atomic<bool> stop_{false};
    std::future<std::vector<std::int64_t>> result_;
};

}  // namespace

void old_transaction(Run& run) {
    while (run.next()) {
        const Sink sink;
        const Database database;
        subscribe(database.url(), sink.url());
        const Child worker(worker_arguments(database.url()));
        pg::Connection old(database.url(), "bench old transaction"), counters(database.url(), "bench");
        old.script("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pg_class; SELECT pg_current_xact_id()");
        counters.query("SELECT pg_stat_statements_reset()");
        run.say("the transaction is open");
        Probe probe(database.url());
        const auto load = run_sql_load({.database_url = database.url(),
                                        .publishers = run.count("publishers"),
                                        .seconds = 60 * run.number("minutes"),
                                        .rate = run.number("rate")});
        const auto took_us = probe.end();
        static_cast<void>(sink.wait_for(static_cast<std::uint64_t>(load.published),
                                        std::chrono::steady_clock::now() + std::chrono::seconds(20)));
        const auto own = counters.query(
            "SELECT coalesce(sum(total_exec_time) / nullif(sum(calls), 0), 0), coalesce(max(max_exec_time), 0) "
            "FROM pg_stat_statements WHERE toplevel AND query LIKE 'SELECT * FROM moai.claim_deliveries(%'");
        const auto dead = counters.query(
            "SELECT n_dead_tup FROM pg_stat_user_tables WHERE relid = 'moai_private.delivery'::regclass");
        old.script("ROLLBACK");

        const std::vector<std::int64_t> at_end(took_us.end() - static_cast<std::ptrdiff_t>((took_us.size() + 4) / 5),
                                               took_us.end());
        run.figure("claim_p99", percentile_ms(took_us, 0.99),
                   fmt::format("{} dead rows in the queue at the end; publishers at most {:.0f} ms late",
                               dead.text(0, 0), load.late_ms));
        run.figure("claim_p99_end", percentile_ms(at_end, 0.99));
        run.figure("claim_mean", std::stod(std::string(own.text(0, 0))),
                   fmt::format("the slowest {:.0f} ms", std::stod(std::string(own.text(0, 1)))));
        run.figure("delivered", static_cast<double>(std::min<std::uint64_t>(
                                    sink.requests(), static_cast<std::uint64_t>(load.published))) /
                                    static_cast<double>(load.published));
    }
}

}  // namespace moai::bench
