// Latency: 20 events/s for 20 s by moai.publish, one worker otherwise idle. Prints the time from just before the
// publishing statement is sent to the first byte at the receiver.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "child.hpp"
#include "pg/connection.hpp"
#include "setup.hpp"
#include "sink.hpp"

int main(int argc, char** argv) {
    using namespace moai::bench;
    const int per_second = argc > 1 ? std::atoi(argv[1]) : 20;
    const int seconds = argc > 2 ? std::atoi(argv[2]) : 20;
    const int warm_up = 2 * per_second;
    Sink sink;
    const Database database;
    subscribe(database.url(), sink.url());
    const Child worker({"work", "--database-url", database.url(), "--log-level", "warning"});
    moai::pg::Connection connection(database.url(), "bench");

    auto next = std::chrono::steady_clock::now();
    const int count = warm_up + per_second * seconds;
    for (int n = 0; n < count; ++n) {
        std::this_thread::sleep_until(next);
        next += std::chrono::microseconds(1'000'000 / per_second);
        const auto payload = fmt::format(R"({{"seq":{},"sent_at_us":{},"pad":"{:x>280}"}})", n, now_us(), "");
        connection.query("SELECT moai.publish('bench', $1)", {payload}, true);
    }
    if (!sink.wait_for(static_cast<std::uint64_t>(count),
                       std::chrono::steady_clock::now() + std::chrono::seconds(30))) {
        fmt::print(stderr, "only {} of {} came\n", sink.requests(), count);
        return 1;
    }
    auto latencies = sink.latencies_us();
    latencies.erase(latencies.begin(), latencies.begin() + warm_up);
    std::sort(latencies.begin(), latencies.end());
    const auto at = [&](double share) {
        return static_cast<double>(
                   latencies[static_cast<std::size_t>(share * static_cast<double>(latencies.size() - 1))]) /
               1000;
    };
    fmt::print("latency events={} p50={:.2f}ms p90={:.2f}ms p99={:.2f}ms max={:.2f}ms\n", latencies.size(), at(0.5),
               at(0.9), at(0.99), at(1));
    return 0;
}
