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

}  // namespace
}  // namespace moai::test
