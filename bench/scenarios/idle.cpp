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

/// The database's URL for a login of one process, so that its statements are told from others'.
std::string url_as(const Database& database, const std::string& login, const std::string& roles) {
    pg::Connection(database.url(), "bench")
        .script(fmt::format("DO $$BEGIN CREATE ROLE {0} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END$$; "
                            "GRANT {1} TO {0}",
                            login, roles));
    std::string url = database.url();
    return url.replace(url.find("postgres@"), std::string("postgres").size(), login);
}

}  // namespace

void idle(Run& run) {
    while (run.next()) {
        const Sink sink;
        const Database database;
        subscribe(database.url(), sink.url());
        const Api api(url_as(database, "bench_api", "moai_api"));
        const std::string roles = "moai_worker, moai_owner";  // who may vacuum the queue, too
        const Child one(worker_arguments(url_as(database, "bench_worker_1", roles))),
            other(worker_arguments(url_as(database, "bench_worker_2", roles)));
        const auto warm_up = run_http_load({.port = api.port(), .connections = 4, .seconds = 1, .rate = 20});
        const auto soon = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        if (!sink.wait_for(warm_up.accepted, soon)) {
            throw std::runtime_error("not all events came");
        }
        wait_until_finished(database.url(), soon);

        // Read from another database, so that nothing of ours is counted.
        pg::Connection outside(cluster_url(), "bench");
        outside.script("CREATE EXTENSION IF NOT EXISTS pg_stat_statements");
        // What a start and the last work leave to be said: who takes the office asks for endpoints some seconds later.
        while (outside
                   .query("SELECT FROM pg_stat_activity WHERE datname = $1 AND application_name LIKE 'moai %' AND "
                          "state_change > clock_timestamp() - interval '7 s'",
                          {database.name()})
                   .rows() > 0) {
            std::this_thread::sleep_for(std::chrono::milliseconds(200));
        }
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
            "SELECT coalesce(max(p.calls), 0), coalesce(string_agg(p.told, '; ' ORDER BY p.told), 'none') FROM ("
            "SELECT sum(s.calls) AS calls, r.rolname || ': ' || string_agg(s.calls || ' x ' || left(s.query, 60), ', ' "
            "ORDER BY s.calls DESC) AS told FROM pg_stat_statements AS s JOIN pg_database AS d ON d.oid = s.dbid "
            "JOIN pg_roles AS r ON r.oid = s.userid WHERE d.datname = $1 AND s.toplevel AND r.rolname LIKE 'bench\\_%' "
            "GROUP BY r.rolname) AS p",
            {database.name()});
        run.figure("statements", std::stod(std::string(statements.text(0, 0))) / (seconds / 30),
                   std::string(statements.text(0, 1)));
        run.figure("cpu", 100 * most / seconds);
    }
}

}  // namespace moai::bench
