// One endpoint of many has a backlog and hangs, fails at once, or has a dead DNS: what the others' latency shows of it.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <unordered_map>

#include "pg/connection.hpp"
#include "scenarios/scenarios.hpp"
#include "support/child.hpp"
#include "support/database.hpp"
#include "support/dead_dns.hpp"
#include "support/sink.hpp"
#include "support/sql_load.hpp"
#include "support/statistics.hpp"

namespace moai::bench {
namespace {

enum class Bad { alone, hang, fail, dns };

struct Seen {
    double p99_ms = 0;
    double missing = 0;  ///< of the others' events; counted with their age at the end
    double scanned = 0;  ///< index entries of the queue read per claim
};

std::string type_of(int endpoint) { return fmt::format("bench.e{}", endpoint); }

/// Index entries of the queue read, and claims. REQUIRES: no worker runs; waits for the end of its
/// sessions, which only then tell what they read.
std::pair<double, double> scan_counts(pg::Connection& connection) {
    while (connection.query("SELECT FROM pg_stat_activity WHERE application_name LIKE 'moai %'").rows() > 0) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    const auto counts = connection.query(
        "SELECT (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE indexrelname IN ('delivery_due_idx', "
        "'delivery_parked_idx')), "
        "(SELECT coalesce(sum(calls), 0) FROM pg_stat_statements WHERE toplevel AND query ~ 'moai\\.claim_deliveries' "
        "AND dbid = "
        "(SELECT oid FROM pg_database WHERE datname = current_database()))");
    return {std::stod(std::string(counts.text(0, 0))), std::stod(std::string(counts.text(0, 1)))};
}

Seen measure(const Run& run, Bad bad, const DeadDns* dns) {
    const int endpoints = run.count("endpoints");
    Sink sink([bad](const Sink::Arrival& arrival) {
        if (arrival.endpoint != 0) {
            return Sink::Answer::ok;
        }
        return bad == Bad::hang ? Sink::Answer::none : Sink::Answer::unavailable;
    });
    const Database database;
    for (int endpoint = 0; endpoint < endpoints; ++endpoint) {
        const bool dead = bad == Bad::dns && endpoint == 0;
        subscribe(database.url(), dead ? "http://dead-dns.example.org/0" : sink.url(endpoint), type_of(endpoint));
    }
    if (bad != Bad::alone) {
        preload(database.url(), run.count("backlog"), type_of(0));
    }
    settle(database.url());
    pg::Connection counters(database.url(), "bench");
    counters.query("SELECT pg_stat_statements_reset()");
    const auto before = scan_counts(counters);

    Child worker(worker_arguments(database.url()), dns != nullptr ? dns->resolv_conf() : "");
    const double warm_up = run.number("warm_up"), rate = run.number("rate");
    const auto load = run_sql_load(
        {.database_url = database.url(),
         .publishers = 4,
         .seconds = warm_up + run.number("seconds"),
         .rate = rate,
         .type = [endpoints](std::int64_t n) { return type_of(1 + static_cast<int>(n % (endpoints - 1))); }});
    static_cast<void>(
        sink.wait_for_timed(static_cast<std::uint64_t>(load.published),
                            std::chrono::steady_clock::now() + std::chrono::seconds(run.count("patience"))));

    const auto end = now_us();
    worker.kill();  // what it waits for may never come
    const auto after = scan_counts(counters);
    // What never came has the age of the events that were published last, which is the least it can have.
    const auto skipped = static_cast<std::int64_t>(warm_up * rate);
    std::vector<std::int64_t> latencies;
    std::int64_t last_sent = 0;
    for (const auto& arrival : sink.arrivals()) {
        last_sent = std::max(last_sent, arrival.sent_at_us);
        if (arrival.sent_at_us != 0 && arrival.seq > skipped) {
            latencies.push_back(arrival.first_byte_us - arrival.sent_at_us);
        }
    }
    const auto expected = static_cast<std::size_t>(load.published - skipped);
    const auto missing = expected - std::min(latencies.size(), expected);
    const auto age = last_sent == 0 ? static_cast<std::int64_t>(1e6 * run.number("patience")) : end - last_sent;
    latencies.insert(latencies.end(), missing, age);
    return {percentile_ms(latencies, 0.99), static_cast<double>(missing),
            (after.first - before.first) / std::max(1.0, after.second - before.second)};
}

}  // namespace

void hang(Run& run) {
    std::optional<DeadDns> dns;
    std::string without_dns;
    try {
        dns.emplace();
    } catch (const std::system_error& error) {
        without_dns = error.what();  // the others can be measured all the same
    }
    while (run.next()) {
        run.say("without it");
        const auto alone = measure(run, Bad::alone, nullptr);
        run.figure("p99_alone", alone.p99_ms);
        double scanned = 0;
        for (const auto& [bad, name] : {std::pair{Bad::hang, "hang"}, {Bad::fail, "fail"}, {Bad::dns, "dns"}}) {
            if (bad == Bad::dns && !dns) {
                continue;
            }
            run.say(fmt::format("with it: {}", name));
            const auto seen = measure(run, bad, bad == Bad::dns ? &*dns : nullptr);
            const double moved = seen.p99_ms - alone.p99_ms;
            run.figure(
                fmt::format("p99_{}", name), seen.p99_ms,
                seen.missing > 0 ? fmt::format("{:.0f} of the others' events did not come in time", seen.missing) : "");
            run.figure(fmt::format("moved_{}", name), moved < 0.2 * alone.p99_ms ? 0 : moved);
            scanned = std::max(scanned, seen.scanned);
        }
        run.figure("scanned", scanned);
    }
    if (!dns) {
        throw std::runtime_error("no dead DNS: " + without_dns);
    }
}

}  // namespace moai::bench
