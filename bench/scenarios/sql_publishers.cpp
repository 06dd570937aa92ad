// What the doorbell costs publishers: moai.publish against the same in a database where the doorbell does nothing.
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "pg/connection.hpp"
#include "scenarios/scenarios.hpp"
#include "support/child.hpp"
#include "support/cpu.hpp"
#include "support/database.hpp"
#include "support/schema.hpp"
#include "support/sink.hpp"
#include "support/sql_load.hpp"

namespace moai::bench {
namespace {

/// Wakes the worker of a database without doorbell 100 times a second, so that its publishers share the processors
/// with a worker that is as busy as the other's.
class Metronome {
public:
    explicit Metronome(const std::string& url) : thread_([this, url] { beat(url); }) {}
    ~Metronome() {
        stop_ = true;
        thread_.join();
    }
    Metronome(const Metronome&) = delete;
    Metronome& operator=(const Metronome&) = delete;

private:
    void beat(const std::string& url) const {
        pg::Connection connection(url, "bench metronome");
        for (auto at = std::chrono::steady_clock::now(); !stop_; at += std::chrono::milliseconds(10)) {
            std::this_thread::sleep_until(at);
            connection.query("NOTIFY moai_wake");
        }
    }

    std::atomic<bool> stop_{false};
    std::thread thread_;
};

void empty_doorbell(const std::string& url) {
    replace_function(url, has_function(url, "ring_sentinel") ? "ring_sentinel" : "ring_workers", "BEGIN END");
}

double notifies(pg::Connection& connection) {
    const auto calls = connection.query(
        "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements WHERE query ~* 'select pg_notify' AND dbid = "
        "(SELECT oid FROM pg_database WHERE datname = current_database())");
    return std::stod(std::string(calls.text(0, 0)));
}

}  // namespace

void sql_publishers(Run& run) {
    Sink sink;
    const Database with, without;
    for (const auto* database : {&with, &without}) {
        subscribe(database->url(), sink.url());
    }
    empty_doorbell(without.url());
    pg::Connection counters(with.url(), "bench");

    // "all" counts what functions call, and costs both the same.
    const auto track = [&](const char* what) {
        for (const auto* database : {&with, &without}) {
            counters.query(
                fmt::format("ALTER DATABASE {} SET pg_stat_statements.track = '{}'", database->name(), what));
        }
    };
    const auto rate = [&](const Database& database) {
        empty_queue(database.url());
        const auto load = run_sql_load(
            {.database_url = database.url(), .publishers = run.count("publishers"), .seconds = run.number("seconds")});
        return std::pair(load.published, static_cast<double>(load.published) / load.seconds);
    };
    while (run.next()) {
        // In the order A B B A, so that a machine that gets slower or faster does so for both.
        run.say("publishers alone");
        track("top");
        const CpuMeter meter(run.postmaster(), {});
        double rung = rate(with).second, unrung = rate(without).second;
        unrung += rate(without).second;
        rung += rate(with).second;
        const auto cpu = meter.read();
        run.figure("rate", rung / 2,
                   fmt::format("{:.0f} % of the processors busy, PostgreSQL {:.0f} %", 100 * cpu.busy_share(),
                               100 * cpu.postgres / cpu.capacity));
        run.figure("ratio", rung / unrung);

        run.say("publishers beside a worker");
        track("all");
        double rung_beside = 0, unrung_beside = 0, rings = 0, published = 0;
        for (const bool bell : {true, false, false, true}) {
            const auto& database = bell ? with : without;
            const Child worker(worker_arguments(database.url()));
            if (bell) {
                counters.query("SELECT pg_stat_statements_reset()");
                const auto [events, per_second] = rate(database);
                rings += notifies(counters);
                published += static_cast<double>(events);
                rung_beside += per_second;
            } else {
                const Metronome metronome(database.url());
                unrung_beside += rate(database).second;
            }
        }
        run.figure("rate_beside_worker", rung_beside / 2);
        run.figure("ratio_beside_worker", rung_beside / unrung_beside);
        run.figure("notifies", rings / published);
        sink.reset();
    }
}

}  // namespace moai::bench
