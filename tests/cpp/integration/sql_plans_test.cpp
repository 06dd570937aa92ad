// Plans made while a table was small and had been analysed: the suite in tests/sql/plans cannot analyse without leaving
// a trace.
#include <gtest/gtest.h>

#include "integration/sql_session.hpp"
#include "support/test_database.hpp"

namespace moai::test {
namespace {

TEST(SqlPlans, TheFanOutMeetsNoOtherTenantThoughItsTableOnceWasSmall) {
    TestDatabase database;
    SqlSession sql(database.url());
    subscribe(sql, "mine");
    sql.run("SET ROLE moai_owner; ANALYZE moai_private.subscription_type, moai_private.subscription; RESET ROLE");
    const std::string publish =
        "SELECT count(*) FROM moai.publish_batch((SELECT json_agg(json_build_object('type', 'a.b.c', 'payload', n, "
        "'tenant', 'mine')) FROM generate_series(1, 100) AS n))";
    EXPECT_EQ(sql.number(publish), 100);
    sql.run(
        "BEGIN; INSERT INTO moai_private.subscription_type "
        "SELECT 'other' || n, '*', gen_random_uuid() FROM generate_series(1, 5000) AS n");
    const std::string met =
        "SELECT sum(pg_stat_get_xact_tuples_returned(indexrelid)) FROM pg_index "
        "WHERE indrelid = 'moai_private.subscription_type'::regclass";
    const int before = sql.number(met);
    EXPECT_EQ(sql.number(publish), 100);
    EXPECT_LE(sql.number(met) - before, 1000);
    sql.run("ROLLBACK");
}

TEST(SqlPlans, AClaimMeetsOneEventForEachDeliveryThoughOldAndNewAreClaimedTogetherAndTheirTableIsAnalysed) {
    TestDatabase database;
    SqlSession sql(database.url());
    subscribe(sql);
    for (int i = 0; i < 3; ++i) {
        sql.run(
            "SELECT count(*) FROM moai.publish_batch((SELECT json_agg(json_build_object('type', 'a', 'payload', n)) "
            "FROM generate_series(1, 1000) AS n))");
    }
    sql.run(
        "SET ROLE moai_owner; ANALYZE moai_private.event, moai_private.delivery, moai_private.subscription; RESET "
        "ROLE");
    // The first one and the last 99 are due.
    sql.run(
        "BEGIN; UPDATE moai_private.delivery SET due_at = due_at + interval '1 day' WHERE event_id NOT IN "
        "(SELECT min(event_id::text)::uuid FROM moai_private.delivery) AND event_id NOT IN "
        "(SELECT event_id FROM moai_private.delivery ORDER BY event_id DESC LIMIT 99)");
    const std::string met =
        "SELECT sum(pg_stat_get_xact_tuples_fetched(i.indexrelid)) FROM pg_index AS i JOIN pg_inherits AS p "
        "ON p.inhrelid = i.indrelid WHERE p.inhparent = 'moai_private.event'::regclass";
    const int before = sql.number(met);
    EXPECT_EQ(sql.number("SELECT count(*) FROM moai.claim_deliveries('w', 500)"), 100);
    EXPECT_LE(sql.number(met) - before, 200);
    sql.run("ROLLBACK");
}

TEST(SqlPlans, AClaimMeetsTheSubscriptionsOfItsDeliveriesAloneThoughTheirTableOnceWasSmall) {
    TestDatabase database;
    SqlSession sql(database.url());
    subscribe(sql);
    sql.run("SET ROLE moai_owner; ANALYZE moai_private.subscription; RESET ROLE");
    sql.run("BEGIN; SELECT moai.publish('a', '1')");
    EXPECT_EQ(sql.number("SELECT count(*) FROM moai.claim_deliveries('w', 1)"), 1);
    for (int i = 0; i < 20; ++i) {
        subscribe(sql, "other");
    }
    sql.run(
        "INSERT INTO moai_private.subscription SELECT (jsonb_populate_record(s, jsonb_build_object('id', "
        "gen_random_uuid()))).* "
        "FROM moai_private.subscription AS s, generate_series(1, 100) WHERE s.tenant = 'other'");
    sql.run("SELECT moai.publish('a', to_json(n)) FROM generate_series(1, 50) AS n");
    const std::string met =
        "SELECT sum(pg_stat_get_xact_tuples_fetched(indexrelid)) FROM pg_index WHERE indrelid = "
        "'moai_private.subscription'::regclass";
    const int before = sql.number(met);
    EXPECT_EQ(sql.number("SELECT count(*) FROM moai.claim_deliveries('w', 500)"), 50);
    EXPECT_LE(sql.number(met) - before, 200);
    sql.run("ROLLBACK");
}

TEST(SqlPlans, AMillionRowsCostAClaimAndItsResultsNothingAnalysedOrNot) {
    TestDatabase database;
    SqlSession sql(database.url());
    subscribe(sql);
    // Plans are made and kept while the queue is empty.
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(sql.number("SELECT count(event_id) FROM moai.claim_deliveries('w', 500)"), 0);
        sql.run("SELECT * FROM moai.complete_deliveries('w', '[]')");
    }
    sql.run(
        "SET ROLE moai_owner; INSERT INTO moai_private.delivery (event_id, subscription_id, due_at, tries_left) "
        "SELECT ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, s.id, now() + interval '1 day', 3 "
        "FROM generate_series(1, 1000000) AS n, moai_private.subscription AS s; RESET ROLE");
    const std::string seq_scans = "SELECT pg_stat_get_xact_numscans('moai_private.delivery'::regclass)";
    const std::string met =
        "SELECT sum(pg_stat_get_xact_tuples_fetched(indexrelid)) FROM pg_index WHERE indrelid = "
        "'moai_private.delivery'::regclass";
    for (const char* kind : {"never analysed", "analysed"}) {
        SCOPED_TRACE(kind);
        sql.run("SELECT moai.publish('a', to_json(n)) FROM generate_series(1, 500) AS n");
        sql.run("BEGIN");
        const int scans_before = sql.number(seq_scans), met_before = sql.number(met);
        const std::string results = sql.value(results_of("SELECT * FROM moai.claim_deliveries('w', 500)", "delivered"));
        EXPECT_EQ(sql.number("SELECT json_array_length('" + results + "')"), 500);
        EXPECT_EQ(sql.value("SELECT delivered FROM moai.complete_deliveries('w', '" + results + "')"), "500");
        EXPECT_EQ(sql.number(seq_scans) - scans_before, 0);
        EXPECT_LE(sql.number(met) - met_before, 500 * 6);
        sql.run("COMMIT; SET ROLE moai_owner; ANALYZE moai_private.delivery; RESET ROLE");
    }
}

TEST(SqlPlans, ResultsMeetTheirOwnRowsAloneThoughTheQueueWasEmptyWhenItWasAnalysed) {
    TestDatabase database;
    SqlSession sql(database.url());
    subscribe(sql);
    sql.run("SELECT moai.publish('a', to_json(n)) FROM generate_series(1, 100) AS n");
    // Pages without a row: the planner takes the queue for empty, however it grows.
    sql.run("SET ROLE moai_owner; DELETE FROM moai_private.delivery; ANALYZE moai_private.delivery");
    EXPECT_EQ(sql.number("SELECT count(*) FROM pg_class WHERE oid = 'moai_private.delivery'::regclass AND relpages > 0 "
                         "AND reltuples = 0"),
              1);
    sql.run(
        "INSERT INTO moai_private.delivery (event_id, subscription_id, due_at, tries_left) "
        "SELECT ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, s.id, now() + interval '1 day', 3 "
        "FROM generate_series(1, 100000) AS n, moai_private.subscription AS s; RESET ROLE");
    sql.run("SELECT moai.publish('a', to_json(n)) FROM generate_series(1, 500) AS n");
    const std::string results = sql.value(results_of("SELECT * FROM moai.claim_deliveries('w', 500)", "delivered"));
    const std::string met =
        "SELECT sum(pg_stat_get_xact_tuples_fetched(indexrelid)) FROM pg_index WHERE indrelid = "
        "'moai_private.delivery'::regclass";
    sql.run("BEGIN");
    const int before = sql.number(met);
    EXPECT_EQ(sql.value("SELECT delivered FROM moai.complete_deliveries('w', '" + results + "')"), "500");
    EXPECT_LE(sql.number(met) - before, 500 * 6);
    sql.run("ROLLBACK");
}

TEST(SqlPlans, WhatIsNotedOfFailingEndpointsMeetsTheirOwnRowsAloneThoughTheirTableWasEmptyWhenItWasAnalysed) {
    TestDatabase database;
    SqlSession sql(database.url());
    subscribe(sql);
    sql.run(
        "SET ROLE moai_owner; INSERT INTO moai_private.failing SELECT id, now(), now() FROM moai_private.subscription; "
        "DELETE FROM moai_private.failing; ANALYZE moai_private.failing; RESET ROLE");
    EXPECT_EQ(sql.number("SELECT count(*) FROM pg_class WHERE oid = 'moai_private.failing'::regclass AND relpages > 0 "
                         "AND reltuples = 0"),
              1);
    sql.run(
        "SELECT count(*) FROM generate_series(1, 300) AS n, LATERAL moai.create_subscription('https://a.example/' || "
        "n, '{*}') AS s");
    // Long ago, so that each of them is changed by the next failure.
    const auto fill = [&] {
        sql.run(
            "SET ROLE moai_owner; INSERT INTO moai_private.failing SELECT gen_random_uuid(), now(), now() FROM "
            "generate_series(1, 3000); INSERT INTO moai_private.failing SELECT id, now() - interval '1 day', now() - "
            "interval '1 day' FROM moai_private.subscription ON CONFLICT DO NOTHING; RESET ROLE");
    };
    fill();
    const std::string met =
        "SELECT sum(pg_stat_get_xact_tuples_returned(indexrelid)) FROM pg_index WHERE indrelid = "
        "'moai_private.failing'::regclass";
    for (const std::string outcome : {"failed", "delivered"}) {
        sql.run("SELECT moai.publish('a', '1')");
        auto results = sql.value(results_of("SELECT * FROM moai.claim_deliveries('w', 500)", outcome));
        if (outcome == "failed") {
            const std::string status = R"("http_status" : 200)";
            for (auto at = results.find(status); at != std::string::npos; at = results.find(status, at + 1)) {
                results.replace(at, status.size(), R"("http_status" : 500, "error_class" : "http_status")");
            }
        }
        sql.run("BEGIN");
        const int before = sql.number(met);
        sql.run("SELECT moai.complete_deliveries('w', '" + results + "')");
        EXPECT_LE(sql.number(met) - before, 301 * 6) << outcome;
        sql.run("COMMIT");
    }
}

}  // namespace
}  // namespace moai::test
