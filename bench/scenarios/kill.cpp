// A worker is killed with requests in flight while another runs: how long until that one has taken over all of them.
#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <unordered_set>

#include "pg/connection.hpp"
#include "scenarios/scenarios.hpp"
#include "support/child.hpp"
#include "support/database.hpp"
#include "support/sink.hpp"

namespace moai::bench {

void kill_worker(Run& run) {
    using Clock = std::chrono::steady_clock;
    const int in_flight = run.count("in_flight");
    while (run.next()) {
        Sink sink([](const Sink::Arrival&) { return Sink::Answer::none; });
        const Database database;
        pg::Connection connection(database.url(), "bench");
        const auto timeout = fmt::format("{} seconds", run.number("timeout"));
        const auto lease =
            connection.query("SELECT extract(epoch FROM moai_private.lease_length($1::interval))", {timeout});
        preload_endpoints(database.url(), sink, in_flight, fmt::format(", timeout => '{}'", timeout));

        auto arguments = worker_arguments(database.url());
        arguments.insert(arguments.end(), {"--concurrency", std::to_string(in_flight)});
        Child victim(arguments);
        const auto all = static_cast<std::uint64_t>(in_flight);
        if (!sink.wait_for(all, Clock::now() + std::chrono::seconds(20))) {
            throw std::runtime_error(fmt::format("only {} of {} were in flight", sink.requests(), in_flight));
        }
        const Child other(arguments);
        victim.kill();
        const auto killed_at = now_us();
        sink.set_rule(nullptr);
        run.say("killed");
        const double lease_seconds = std::stod(std::string(lease.text(0, 0)));
        static_cast<void>(
            sink.wait_for(2 * all, Clock::now() + std::chrono::seconds(static_cast<int>(lease_seconds) + 30)));

        std::int64_t last = killed_at;
        std::unordered_set<std::int64_t> seen, again;
        for (const auto& arrival : sink.arrivals()) {
            const std::int64_t delivery = arrival.endpoint * std::int64_t{kEachInFlight + 1} + arrival.seq;
            if (!seen.insert(delivery).second && again.insert(delivery).second) {
                last = std::max(last, arrival.first_byte_us);
            }
        }
        const double takeover = static_cast<double>(last - killed_at) / 1e6;
        run.figure("takeover", takeover, fmt::format("a lease lasts {:.0f} s", lease_seconds));
        run.figure("beyond_lease", takeover - lease_seconds);
        run.figure("taken_over", static_cast<double>(again.size()) / in_flight);
    }
}

}  // namespace moai::bench
