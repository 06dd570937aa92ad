#include "support/sql_load.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include "pg/connection.hpp"
#include "support/database.hpp"
#include "support/sink.hpp"

namespace moai::bench {

SqlLoadResult run_sql_load(const SqlLoad& load) {
    using Clock = std::chrono::steady_clock;
    // Connected before the clock starts.
    std::vector<pg::Connection> connections;
    connections.reserve(static_cast<std::size_t>(load.publishers));
    for (int i = 0; i < load.publishers; ++i) {
        connections.emplace_back(load.database_url, "bench publisher");
    }
    const auto begin = Clock::now();
    const auto end = begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(load.seconds));
    std::atomic<std::int64_t> next{0};

    const auto publish = [&](pg::Connection& connection) {
        double late_ms = 0;
        while (true) {
            const auto n = next++;
            auto due = Clock::now();
            if (load.rate > 0) {
                due = begin + std::chrono::duration_cast<Clock::duration>(
                                  std::chrono::duration<double>(static_cast<double>(n) / load.rate));
            }
            if (due >= end) {
                --next;
                return late_ms;
            }
            std::this_thread::sleep_until(due);
            late_ms = std::max(late_ms, std::chrono::duration<double, std::milli>(Clock::now() - due).count());
            const std::string type = load.type ? load.type(n) : "bench";
            const std::string text = payload(n + 1, now_us());
            connection.query("SELECT moai.publish($1, $2)", {type, text}, true);
        }
    };
    std::vector<std::future<double>> threads;
    threads.reserve(connections.size());
    for (auto& connection : connections) {
        threads.push_back(std::async(std::launch::async, publish, std::ref(connection)));
    }
    SqlLoadResult result;
    for (auto& thread : threads) {
        const double late_ms = thread.get();
        result.late_ms = std::max(result.late_ms, load.rate > 0 ? late_ms : 0);
    }
    result.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    result.published = next;
    return result;
}

}  // namespace moai::bench
