// Memory: the resident size of `moai run` (API and worker, PostgreSQL apart) with N requests in flight to a receiver
// that holds them.
#include <fmt/format.h>

#include <cstdlib>

#include "child.hpp"
#include "setup.hpp"
#include "sink.hpp"

int main(int argc, char** argv) {
    using namespace moai::bench;
    const int in_flight = argc > 1 ? std::atoi(argv[1]) : 1000;
    Sink sink(true);
    const Database database;
    subscribe(database.url(), sink.url());
    preload(database.url(), in_flight);
    const Child moai({"run", "--database-url", database.url(), "--listen", "127.0.0.1:0", "--concurrency",
                      std::to_string(in_flight), "--drain-timeout", "1s", "--log-level", "warning"});
    if (!sink.wait_for(static_cast<std::uint64_t>(in_flight),
                       std::chrono::steady_clock::now() + std::chrono::seconds(30))) {
        fmt::print(stderr, "only {} of {} came\n", sink.requests(), in_flight);
        return 1;
    }
    fmt::print("memory in_flight={} rss_mib={:.1f}\n", in_flight, static_cast<double>(moai.resident_kib()) / 1024);
    return 0;
}
