// Sessions in each other's way: publishing at every isolation level, keys, claims and completions that meet.
#include <gtest/gtest.h>

#include <atomic>
#include <set>

#include "integration/sql_session.hpp"
#include "support/test_cluster.hpp"
#include "support/test_database.hpp"

namespace moai::test {
namespace {

class SqlConcurrency : public ::testing::Test {
protected:
    TestDatabase database_;
    SqlSession sql_{database_.url()};
};

TEST_F(SqlConcurrency, SerializablePublishersOfDistinctKeysNeverFailBecauseOfUs) {
    subscribe(sql_);
    in_parallel(8, [&](int publisher) {
        pg::Connection connection(database_.url(), "publisher");
        connection.script("SET default_transaction_isolation = serializable");
        for (int i = 0; i < 1000; ++i) {
            const std::string key = std::to_string(publisher) + "/" + std::to_string(i);
            std::ignore = connection.query("SELECT moai.publish('a.b', '{\"n\": 1}', $1)", {key}, true);
        }
    });
    EXPECT_EQ(sql_.number("SELECT count(*) FROM moai_private.event"), 8000);
    EXPECT_EQ(sql_.number("SELECT count(*) FROM moai_private.delivery"), 8000);
}

TEST_F(SqlConcurrency, TwentyClientsPublishingTheSameKeyGetOneId) {
    std::mutex mutex;
    std::set<std::string> ids;
    in_parallel(20, [&](int) {
        SqlSession client(database_.url());
        const std::string id = client.value("SELECT moai.publish('a.b', '{\"n\": 1}', 'the key')");
        const std::lock_guard lock(mutex);
        ids.insert(id);
    });
    EXPECT_EQ(ids.size(), 1U);
    EXPECT_EQ(sql_.number("SELECT count(*) FROM moai_private.event"), 1);
}

TEST_F(SqlConcurrency, ASecondPublisherOfAKeyWaitsForTheFirst) {
    SqlSession first(database_.url());
    SqlSession second(database_.url());
    first.run("BEGIN");
    const std::string first_id = first.value("SELECT moai.publish('a.b', '1', 'k')");
    std::string second_id;
    std::jthread publisher([&] { second_id = second.value("SELECT moai.publish('a.b', '1', 'k')"); });
    wait_until_blocked(sql_, second.pid());
    first.run("ROLLBACK");
    publisher.join();
    EXPECT_NE(second_id, first_id);
    EXPECT_EQ(sql_.value("SELECT string_agg(id::text, ',') FROM moai_private.event"), second_id);
}

TEST_F(SqlConcurrency, ARestPublishThatWaitsInVainTellsAKeyInUseFromATableLockedByMaintenance) {
    const std::string publish = R"(SELECT moai_rest.publish('{"type":"a","payload":1}', 'k'))";
    SqlSession other(database_.url());
    other.run("BEGIN; SELECT moai.publish('a', '1', 'k')");
    EXPECT_EQ(sql_.refusal(publish), "MO409");
    other.run("ROLLBACK; BEGIN; LOCK TABLE moai_private.event IN SHARE ROW EXCLUSIVE MODE");
    EXPECT_EQ(sql_.refusal(publish), "MO503");
    other.run("ROLLBACK");
    EXPECT_EQ(sql_.refusal(publish), "");
}

TEST_F(SqlConcurrency, BatchesOfTheSameKeysInOppositeOrdersDoNotDeadlock) {
    in_parallel(4, [&](int client) {
        SqlSession session(database_.url());
        for (int round = 0; round < 10; ++round) {
            const std::string order = client % 2 == 0 ? "ASC" : "DESC";
            session.run(
                "SELECT moai.publish_batch((SELECT json_agg(json_build_object('type', 'a', 'payload', n, "
                "'idempotency_key', '" +
                std::to_string(round) + "/' || n) ORDER BY n " + order + ") FROM generate_series(1, 100) AS n))");
        }
    });
    EXPECT_EQ(sql_.number("SELECT count(*) FROM moai_private.event"), 1000);
}

TEST_F(SqlConcurrency, ARepeatableReadPublisherPublishesAndMayHaveToRepeatARepeatedKey) {
    SqlSession old(database_.url());
    old.run("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1");
    const std::string id = sql_.value("SELECT moai.publish('a', '1', 'k')");
    EXPECT_EQ(old.refusal("SELECT moai.publish('a', '2')"), "");
    EXPECT_EQ(old.refusal("SELECT moai.publish('a', '1', 'k')"), "40001");
    old.run("ROLLBACK");
    old.run("BEGIN ISOLATION LEVEL REPEATABLE READ");
    EXPECT_EQ(old.value("SELECT moai.publish('a', '1', 'k')"), id);
    old.run("COMMIT");
}

TEST_F(SqlConcurrency, ASavepointRolledBackTakesItsEventAndItsKeyWithIt) {
    subscribe(sql_);
    SqlSession publisher(database_.url());
    publisher.run(
        "BEGIN; SAVEPOINT s; SELECT moai.publish('a', '1', 'k'); ROLLBACK TO s; SELECT moai.publish('a', '2', 'k'); "
        "COMMIT");
    EXPECT_EQ(sql_.value("SELECT string_agg(payload::text, ',') FROM moai_private.event"), "2");
    EXPECT_EQ(sql_.number("SELECT count(*) FROM moai_private.delivery"), 1);
}

TEST(SqlTwoPhaseCommit, WorksWithTheDoorbellOffAndIsRefusedWithoutHarmOtherwise) {
    TestCluster cluster({.settings = {"max_prepared_transactions=4"}});
    TestDatabase database(cluster.url());
    SqlSession sql(database.url());
    subscribe(sql);
    SqlSession sentinel(database.url());
    sentinel.run("SELECT moai.await_office('w', 1, '0'); SELECT moai.fall_asleep('0')");
    EXPECT_EQ(sql.refusal("BEGIN; SELECT moai.publish('a', '1'); PREPARE TRANSACTION 'loud'"), "0A000");
    sql.run("ROLLBACK");
    EXPECT_EQ(sql.number("SELECT count(*) FROM moai_private.event"), 0);
    EXPECT_EQ(
        sql.refusal("SET moai.doorbell = off; BEGIN; SELECT moai.publish('a', '1'); PREPARE TRANSACTION 'silent'"), "");
    EXPECT_EQ(sql.value("SELECT event_id FROM moai.claim_deliveries('w', 10)"), "");
    sql.run("COMMIT PREPARED 'silent'");
    EXPECT_NE(sql.value("SELECT event_id FROM moai.claim_deliveries('w', 10)"), "");
}

TEST_F(SqlConcurrency, ClaimersAtOnceNeverGetTheSameDelivery) {
    subscribe(sql_);
    sql_.run(
        "SELECT moai.publish_batch((SELECT json_agg(json_build_object('type', 'a', 'payload', n)) FROM "
        "generate_series(1, 1000) AS n))");
    std::atomic<int> claimed{0};
    in_parallel(4, [&](int) {
        SqlSession worker(database_.url());
        for (int got = 1; got > 0;) {
            got = worker.number("SELECT count(event_id) FROM moai.claim_deliveries('w', 37)");
            claimed += got;
        }
    });
    // A claimer may have met only rows that another one was just taking.
    claimed += sql_.number("SELECT count(event_id) FROM moai.claim_deliveries('w', 1000)");
    EXPECT_EQ(claimed, 1000);
}

TEST_F(SqlConcurrency, ACompletionThatWaitsWhileItsLeaseMovesOnIsAnOrphan) {
    subscribe(sql_);
    sql_.run("SELECT moai.publish('a', '1')");
    const std::string results = sql_.value(results_of("SELECT * FROM moai.claim_deliveries('old', 1)", "delivered"));
    SqlSession thief(database_.url());
    SqlSession late(database_.url());
    thief.run("BEGIN");
    EXPECT_NE(thief.value("SELECT event_id FROM moai_private.claim(1, clock_timestamp() + interval '1 hour')"), "");
    std::string counts;
    std::jthread completion([&] {
        counts = late.value(
            "SELECT format('%s delivered, %s orphaned', delivered, orphaned) FROM moai.complete_deliveries('old', $1)",
            {results});
    });
    wait_until_blocked(sql_, late.pid());
    thief.run("COMMIT");
    completion.join();
    EXPECT_EQ(counts, "0 delivered, 1 orphaned");
    EXPECT_EQ(sql_.number("SELECT count(*) FROM moai_private.delivery WHERE lease_token IS NOT NULL"), 1);
}

TEST_F(SqlConcurrency, TheSameBatchCompletedBySeveralAtOnceCountsOnce) {
    subscribe(sql_);
    sql_.run(
        "SELECT moai.publish_batch((SELECT json_agg(json_build_object('type', 'a', 'payload', n)) FROM "
        "generate_series(1, 200) AS n))");
    const std::string results = sql_.value(results_of("SELECT * FROM moai.claim_deliveries('w', 200)", "delivered"));
    std::atomic<int> delivered{0};
    in_parallel(4, [&](int) {
        SqlSession worker(database_.url());
        delivered += worker.number("SELECT delivered FROM moai.complete_deliveries('w', $1)", {results});
    });
    EXPECT_EQ(delivered, 200);
    EXPECT_EQ(sql_.number("SELECT count(*) FROM moai_private.attempt WHERE NOT is_orphan"), 200);
}

TEST_F(SqlConcurrency, AClaimWaitsForNoOperatorAndComesBackToWhatTheyWereChanging) {
    const std::string subscription = subscribe(sql_);
    sql_.run("SELECT moai.pause_subscription('" + subscription + "'); SELECT moai.publish('a', '1')");
    SqlSession operator_session(database_.url());
    SqlSession worker(database_.url());
    worker.run("SET statement_timeout = '10s'");
    operator_session.run("BEGIN; SELECT FROM moai_private.subscription WHERE id = '" + subscription + "' FOR UPDATE");
    // The delivery was inserted parked for 30 s; by then its subscription is being changed.
    EXPECT_EQ(worker.value("SELECT event_id FROM moai_private.claim(1, clock_timestamp() + interval '31 s')"), "");
    operator_session.run("SELECT moai.resume_subscription('" + subscription + "'); COMMIT");
    EXPECT_NE(worker.value("SELECT event_id FROM moai_private.claim(1, clock_timestamp() + interval '33 s')"), "");
}

TEST_F(SqlConcurrency, WhatIsPublishedWhileTheSubscriptionIsPausedOrResumedIsNeitherSentNorLost) {
    const std::string subscription = subscribe(sql_);
    SqlSession publisher(database_.url());
    publisher.run("BEGIN; SELECT moai.publish('a', '1')");
    sql_.run("SELECT moai.pause_subscription('" + subscription + "')");
    publisher.run("COMMIT");
    EXPECT_EQ(sql_.value("SELECT event_id FROM moai.claim_deliveries('w', 1)"), "");
    EXPECT_EQ(sql_.value("SELECT parked AND due_at = 'infinity' FROM moai_private.delivery"), "t");
    publisher.run("BEGIN; SELECT moai.publish('a', '2')");
    sql_.run("SELECT moai.resume_subscription('" + subscription + "')");
    publisher.run("COMMIT");
    EXPECT_EQ(sql_.value("SELECT string_agg(payload, ',') FROM moai.claim_deliveries('w', 10)"), "1");
    EXPECT_EQ(sql_.value("SELECT string_agg(payload, ',') FROM moai_private.claim(10, clock_timestamp() + interval '31 "
                         "s') WHERE payload = '2'"),
              "2");
}

TEST_F(SqlConcurrency, SerializableBatchesOfNeighbouringKeysNeverFailBecauseOfUs) {
    std::atomic<int> next{0};
    in_parallel(8, [&](int) {
        pg::Connection connection(database_.url(), "publisher");
        connection.script("SET default_transaction_isolation = serializable");
        for (int i = 0; i < 100; ++i) {
            // Open together, and next to each other in the index.
            const std::string key = std::to_string(1'000'000 + next++);
            connection.script(
                "BEGIN; SELECT moai.publish_batch(json_build_array(json_build_object('type', 'a', "
                "'payload', 1, 'idempotency_key', 'order-" +
                key + "'))); SELECT pg_sleep(0.002); COMMIT");
        }
    });
    EXPECT_EQ(sql_.number("SELECT count(*) FROM moai_private.event"), 800);
}

TEST_F(SqlConcurrency, BatchesTakeExpiredAndNewKeysInOneOrder) {
    sql_.run(
        "SELECT moai.publish('a', '1', idempotency_key => 'e');"
        "UPDATE moai_private.idempotency_key SET expires_at = now() - interval '1 s'");
    SqlSession holder(database_.url());
    SqlSession batch(database_.url());
    SqlSession in_order(database_.url());
    holder.run("BEGIN; SELECT moai.publish('a', '1', idempotency_key => 'y')");
    const auto item = [](const char* key) {
        return std::string(R"({"type":"a","payload":1,"idempotency_key":")") + key + "\"}";
    };
    std::string batch_error, in_order_error;
    std::jthread first([&] {
        batch_error =
            batch.refusal("SELECT moai.publish_batch('[" + item("e") + "," + item("x") + "," + item("y") + "]')");
    });
    wait_until_blocked(sql_, batch.pid());
    std::jthread second([&] {
        in_order_error = in_order.refusal(
            "BEGIN; SELECT moai.publish('a', '1', idempotency_key => 'e');"
            "SELECT moai.publish('a', '1', idempotency_key => 'x'); COMMIT");
    });
    wait_until_blocked(sql_, in_order.pid());
    holder.run("COMMIT");
    first.join();
    second.join();
    EXPECT_EQ(batch_error + in_order_error, "");
}

TEST_F(SqlConcurrency, AGroupWaitsForATableThatIsLockedForAMoment) {
    SqlSession maintenance(database_.url());
    SqlSession group(database_.url());
    maintenance.run("BEGIN; LOCK TABLE moai_private.event");
    std::string answer;
    std::jthread publisher([&] {
        answer =
            group.value("SELECT status FROM moai_rest.publish_group('[{\"type\":\"a\",\"payload\":1}]', '[\"k\"]')");
    });
    wait_until_blocked(sql_, group.pid());
    maintenance.run("SELECT pg_sleep(0.05); COMMIT");  // many times as long as a group waits for keys
    publisher.join();
    EXPECT_EQ(answer, "202");
}

TEST_F(SqlConcurrency, AGroupFullOfHeldKeysPublishesTheOneThatIsFree) {
    SqlSession holder(database_.url());
    holder.run(
        "BEGIN; SELECT moai.publish('a', '1', idempotency_key => 'held' || n) FROM generate_series(10, 20) AS n");
    const std::string group =
        "SELECT string_agg(coalesce(code, status::text), ' ' ORDER BY n) FROM (SELECT DISTINCT code, status, min(n) "
        "OVER "
        "(PARTITION BY code, status) AS n FROM moai_rest.publish_group((SELECT json_agg(json_build_object('type', 'a', "
        "'payload', 1, 'idempotency_key', key) ORDER BY n) FROM (SELECT n, 'held' || 10 + n % 11 FROM "
        "generate_series(1, "
        "60) AS n UNION ALL SELECT 99, 'z') AS k(n, key))::text, NULL) WITH ORDINALITY AS g(status, body, code, "
        "message, "
        "detail, hint, n)) AS kinds";
    EXPECT_EQ(sql_.value(group), "55P03 202");
    EXPECT_EQ(sql_.value("SELECT string_agg(key, ' ') FROM moai_private.idempotency_key"), "z");
    holder.run("ROLLBACK");
    EXPECT_EQ(sql_.value(group), "202");
}

TEST_F(SqlConcurrency, AGroupLeavesOutWhatAnotherOpenTransactionHoldsAndPublishesTheRest) {
    SqlSession holder(database_.url());
    holder.run("BEGIN");
    std::ignore = holder.value("SELECT moai.publish('a', '1', 'held')");
    const std::string publish =
        "SELECT string_agg(coalesce(status::text, code), ' ') FROM moai_rest.publish_group('["
        R"({"type":"a","payload":1},{"type":"a","payload":1},{"type":"a","payload":2},{"type":"a","payload":3})"
        "]', '[\"a\", \"held\", null, \"z\"]')";
    EXPECT_EQ(sql_.value(publish), "202 55P03 202 202");
    EXPECT_EQ(sql_.number("SELECT count(*) FROM moai_private.event"), 3);
    EXPECT_EQ(sql_.value("SELECT string_agg(key, ' ' ORDER BY key) FROM moai_private.idempotency_key"), "a z");
    holder.run("ROLLBACK");
    EXPECT_EQ(sql_.value(publish), "202 202 202 202") << "a and z are repeats now";
    EXPECT_EQ(sql_.number("SELECT count(*) FROM moai_private.event"), 5);
}

TEST_F(SqlConcurrency, ABatchWaitsForTheKeyThatAnotherOpenTransactionHolds) {
    SqlSession holder(database_.url());
    SqlSession waiting(database_.url());
    holder.run("BEGIN");
    const std::string first = holder.value("SELECT moai.publish('a', '1', 'held')");
    std::string second;
    std::jthread publisher([&] {
        second = waiting.value(
            "SELECT id FROM moai.publish_batch('[{\"type\":\"a\",\"payload\":1,\"idempotency_key\":\"held\"}]')");
    });
    wait_until_blocked(sql_, waiting.pid());
    holder.run("COMMIT");
    publisher.join();
    EXPECT_EQ(second, first);
}

TEST_F(SqlConcurrency, WhatIsPublishedWhileTheSubscriptionIsDeletedIsCancelled) {
    const std::string subscription = subscribe(sql_);
    SqlSession publisher(database_.url());
    publisher.run("BEGIN; SELECT moai.publish('a', '1')");
    sql_.run("SELECT moai.delete_subscription('" + subscription + "')");
    publisher.run("COMMIT");
    EXPECT_EQ(sql_.value("SELECT event_id FROM moai.claim_deliveries('w', 1)"), "");
    EXPECT_EQ(sql_.value("SELECT string_agg(state || ' ' || reason, ',') FROM moai_private.outcome"),
              "cancelled subscription_deleted");
    EXPECT_EQ(sql_.number("SELECT count(*) FROM moai_private.delivery"), 0);
}

TEST_F(SqlConcurrency, MakingPartitionsWaitsForNoPublisherAndStopsNone) {
    SqlSession publisher(database_.url());
    SqlSession maintainer(database_.url());
    publisher.run("BEGIN; SELECT moai.publish('a', '1')");
    maintainer.run("SET lock_timeout = '5s'; BEGIN");
    EXPECT_EQ(maintainer.number("SELECT moai_private.make_partitions('2101-06-15', interval '0')"), 6);
    sql_.run("SET lock_timeout = '5s'");
    EXPECT_EQ(sql_.refusal("SELECT moai.publish('a', '2')"), "");
    maintainer.run("COMMIT");
    publisher.run("COMMIT");
    EXPECT_EQ(sql_.number("SELECT count(*) FROM moai_private.event"), 2);
}

TEST_F(SqlConcurrency, WorkersThatMaintainAtOnceMakeEachPartitionOnce) {
    std::atomic<int> made{0};
    in_parallel(4, [&](int) {
        SqlSession worker(database_.url());
        made += worker.number("SELECT moai_private.make_partitions('2101-06-15', interval '21 days')");
    });
    EXPECT_EQ(made, 15);
}

}  // namespace
}  // namespace moai::test
