// The resident size of `moai run` (API and worker, PostgreSQL apart) with requests in flight to a receiver that holds
// them.
#include <stdexcept>

#include "scenarios/scenarios.hpp"
#include "support/child.hpp"
#include "support/database.hpp"
#include "support/sink.hpp"

namespace moai::bench {

void memory(Run& run) {
    const int in_flight = run.count("in_flight");
    while (run.next()) {
        Sink sink([](const Sink::Arrival&) { return Sink::Answer::none; });
        const Database database;
        preload_endpoints(database.url(), sink, in_flight);
        Child moai({"run", "--database-url", database.url(), "--listen", "127.0.0.1:0", "--concurrency",
                    std::to_string(in_flight), "--drain-timeout", "1s"});
        if (!sink.wait_for(static_cast<std::uint64_t>(in_flight),
                           std::chrono::steady_clock::now() + std::chrono::seconds(14))) {
            throw std::runtime_error("not all requests were in flight at once");
        }
        run.figure("resident", static_cast<double>(moai.resident_kib()) / 1024);
        moai.kill();  // nothing that it waits for will come
    }
}

}  // namespace moai::bench
