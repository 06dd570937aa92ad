// Draining and publishing with many partitions of event, attempt and outcome, against few.
#include <fmt/format.h>

#include "pg/connection.hpp"
#include "scenarios/scenarios.hpp"
#include "support/drained.hpp"
#include "support/schema.hpp"
#include "support/sql_load.hpp"

namespace moai::bench {
namespace {

int partitions_of_event(pg::Connection& connection) {
    const auto found =
        connection.query("SELECT count(*) FROM pg_inherits WHERE inhparent = 'moai_private.event'::regclass");
    return std::stoi(std::string(found.text(0, 0)));
}

/// Weekly partitions from last week on, `count` of them, and nobody to make more or fewer.
void have_partitions(const std::string& url, int count) {
    pg::Connection connection(url, "bench");
    const auto missing = std::to_string(count - 2);
    connection.query("SELECT moai_private.make_partitions(clock_timestamp(), make_interval(weeks => $1::integer))",
                     {missing});
    replace_function(url, "make_partitions", "BEGIN RETURN 0; END");
    // The bounds of UUIDv7 ranges sort by time.
    connection.script(fmt::format(R"(DO $$
        DECLARE _partition regclass;
        BEGIN
            FOR _partition IN
                SELECT r.partition FROM (
                    SELECT i.inhrelid::regclass AS partition,
                           row_number() OVER (PARTITION BY i.inhparent ORDER BY pg_get_expr(c.relpartbound, c.oid)) AS place
                    FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
                    WHERE i.inhparent IN ('moai_private.event'::regclass, 'moai_private.attempt'::regclass,
                                          'moai_private.outcome'::regclass)) AS r
                WHERE r.place > {}
            LOOP
                EXECUTE format('DROP TABLE %s', _partition);
            END LOOP;
        END $$)",
                                  count));
}

}  // namespace

void partitions(Run& run) {
    const int deliveries = run.count("deliveries");
    Sink sink;
    const Database many, few;
    for (const auto* database : {&many, &few}) {
        subscribe(database->url(), sink.url());
    }
    have_partitions(many.url(), run.count("many"));
    have_partitions(few.url(), run.count("few"));
    pg::Connection counted(many.url(), "bench"), counted_few(few.url(), "bench");
    const auto made =
        fmt::format("{} partitions against {}", partitions_of_event(counted), partitions_of_event(counted_few));

    const auto drained = [&](const Database& database) {
        empty_queue(database.url());
        preload(database.url(), deliveries);
        settle(database.url());
        return drain_queue(run, database, sink, deliveries).rate;
    };
    const auto published = [&](const Database& database) {
        empty_queue(database.url());
        run.say("publishing");
        const auto load = run_sql_load(
            {.database_url = database.url(), .publishers = run.count("publishers"), .seconds = run.number("seconds")});
        return static_cast<double>(load.published) / load.seconds;
    };
    while (run.next()) {
        // Each goes first every other time.
        const bool first = run.repetition() % 2 == 0;
        const auto compare = [&](const auto& measure, const char* rate, const char* ratio) {
            const double a = measure(first ? many : few);
            const double b = measure(first ? few : many);
            run.figure(rate, first ? a : b, made);
            run.figure(ratio, first ? a / b : b / a);
        };
        compare(drained, "drain_rate", "drain_ratio");
        compare(published, "publish_rate", "publish_ratio");
    }
}

}  // namespace moai::bench
