// What moai does when there is nothing to do: one API and two workers that have delivered something and are left alone.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "pg/connection.hpp"
#include "scenarios/scenarios.hpp"
#include "support/child.hpp"
#include "support/database.hpp"
#include "support/http_load.hpp"
#include "support/sink.hpp"

namespace moai::bench {
namespace {

constexpr double kProcesses = 3;

}  // namespace

void idle(Run& run) {
    while (run.next()) {
        const Sink sink;
        const Database database;
        subscribe(database.url(), sink.url());
        const Api api(database.url());
        const Child one(worker_arguments(database.url())), other(worker_arguments(database.url()));
        const auto warm_up = run_http_load({.port = api.port(), .connections = 4, .seconds = 1, .rate = 20});
        const auto soon = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        if (!sink.wait_for(warm_up.accepted, soon)) {
            throw std::runtime_error("not all events came");
        }
        wait_until_finished(database.url(), soon);

        // Read from another database, so that nothing of ours is counted.
        pg::Connection outside(cluster_url(), "bench");
        outside.script("CREATE EXTENSION IF NOT EXISTS pg_stat_statements");
        outside.query("SELECT pg_stat_statements_reset(0, (SELECT oid FROM pg_database WHERE datname = $1), 0)",
                      {database.name()});
        const auto cpu = [&] {
            return std::array{process_cpu(api.pid()), process_cpu(one.pid()), process_cpu(other.pid())};
        };
        const auto before = cpu();
        const double seconds = 60 * run.number("minutes");
        run.say(fmt::format("nothing for {:.0f} s", seconds));
        std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
        const auto after = cpu();
        double most = 0;
        for (std::size_t i = 0; i < before.size(); ++i) {
            most = std::max(most, after.at(i) - before.at(i));
        }
        const auto statements = outside.query(
            "SELECT coalesce(sum(s.calls), 0), "
            "coalesce(string_agg(s.calls || ' x ' || left(s.query, 60), '; ' ORDER BY s.calls DESC), 'none') "
            "FROM pg_stat_statements AS s JOIN pg_database AS d ON d.oid = s.dbid WHERE d.datname = $1 AND s.toplevel",
            {database.name()});
        run.figure("statements", std::stod(std::string(statements.text(0, 0))) / kProcesses / (seconds / 30),
                   std::string(statements.text(0, 1)));
        run.figure("cpu", 100 * most / seconds);
    }
}

}  // namespace moai::bench
