// Events at a low rate, one worker otherwise idle: from just before the publishing statement is sent to the first byte.
#include <stdexcept>

#include "scenarios/scenarios.hpp"
#include "support/child.hpp"
#include "support/database.hpp"
#include "support/sink.hpp"
#include "support/sql_load.hpp"
#include "support/statistics.hpp"

namespace moai::bench {

void latency(Run& run) {
    while (run.next()) {
        Sink sink;
        const Database database;
        subscribe(database.url(), sink.url());
        const Child worker(worker_arguments(database.url()));
        const double warm_up = run.number("warm_up");
        const auto load = run_sql_load(
            {.database_url = database.url(), .seconds = warm_up + run.number("seconds"), .rate = run.number("rate")});
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
        run.figure("p50", percentile_ms(latencies, 0.5));
        run.figure("p99", percentile_ms(latencies, 0.99));
        run.figure("max", percentile_ms(latencies, 1));
    }
}

}  // namespace moai::bench
