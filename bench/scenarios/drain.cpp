// Draining a queue that was filled before: one endpoint, many, and by several worker processes.
#include "support/drained.hpp"

#include <fmt/format.h>

#include "pg/connection.hpp"
#include "scenarios/scenarios.hpp"

namespace moai::bench {

void drain(Run& run) {
    const int deliveries = run.count("deliveries");
    while (run.next()) {
        Sink sink;
        const Database database;
        subscribe(database.url(), sink.url());
        preload(database.url(), deliveries);
        settle(database.url());
        const auto drained = drain_queue(run, database, sink, deliveries);
        run.figure("rate", drained.rate, drained.limit());
        run.figure("cpu", drained.micros(drained.cpu.moai + drained.cpu.postgres));
        run.figure("moai_cpu", drained.micros(drained.cpu.moai));
        run.figure("postgres_cpu", drained.micros(drained.cpu.postgres));
        run.figure("statements", drained.statements);
        run.figure("requests", drained.requests);
    }
}

void fan_out(Run& run) {
    const int events = run.count("events"), subscriptions = run.count("subscriptions");
    while (run.next()) {
        Sink sink;
        const Database database;
        pg::Connection(database.url(), "bench")
            .query("SELECT moai.create_subscription($1 || n, ARRAY['bench']) FROM generate_series(1, $2::integer) AS n",
                   {sink.url(), std::to_string(subscriptions)});
        preload(database.url(), events);
        settle(database.url());
        const auto drained = drain_queue(run, database, sink, events * subscriptions);
        run.figure("rate", drained.rate, drained.limit());
        run.figure("cpu", drained.micros(drained.cpu.moai + drained.cpu.postgres));
        run.figure("requests", drained.requests);
    }
}

void workers(Run& run) {
    const int deliveries = run.count("deliveries");
    while (run.next()) {
        for (const int processes : {1, 2, 4}) {
            Sink sink;
            const Database database;
            subscribe(database.url(), sink.url());
            preload(database.url(), deliveries);
            settle(database.url());
            const auto drained = drain_queue(run, database, sink, deliveries, processes);
            run.figure(fmt::format("rate_{}", processes), drained.rate, drained.limit());
        }
    }
}

}  // namespace moai::bench
