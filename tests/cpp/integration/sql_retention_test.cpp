// Retiring partitions while others publish, claim and complete: whoever comes first, nothing is lost and nothing fails.
#include <gtest/gtest.h>

#include <atomic>

#include "integration/sql_session.hpp"
#include "support/test_database.hpp"

namespace moai::test {
namespace {

const std::string kMonday = "(date_trunc('week', clock_timestamp() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC')";
const std::string kRetire = "SELECT moai_private.retire_partitions(" + kMonday + ")";

class SqlRetention : public ::testing::Test {
protected:
    void SetUp() override { subscribe(sql_); }

    /// Publishes into last week's partition, which kRetire drops.
    void publish(int count) {
        sql_.run("SELECT moai_private.insert_event('a', '{\"n\": 1}', NULL, 'default', '24 h', " + kMonday +
                 " - interval '1 hour') FROM generate_series(1, " + std::to_string(count) + ")");
    }
    std::string claimed_results(int count, const std::string& outcome) {
        return sql_.value(
            results_of("SELECT * FROM moai.claim_deliveries('w', " + std::to_string(count) + ")", outcome));
    }

    TestDatabase database_;
    SqlSession sql_{database_.url()};
    SqlSession worker_{database_.url()};
    SqlSession retention_{database_.url()};
};

TEST_F(SqlRetention, WaitsForACompletionUnderWayAndThenHoldsNothing) {
    publish(1);
    const std::string results = claimed_results(1, "delivered");
    worker_.run("BEGIN");
    EXPECT_EQ(worker_.number("SELECT delivered FROM moai.complete_deliveries('w', $1)", {results}), 1);
    int weeks = 0;
    std::jthread retiring([&] { weeks = retention_.number(kRetire); });
    wait_until_blocked(sql_, retention_.pid());
    worker_.run("COMMIT");
    retiring.join();
    EXPECT_GE(weeks, 1);
    EXPECT_EQ(sql_.number("SELECT count(*) FROM moai_private.event_held"), 0);
    EXPECT_EQ(sql_.number("SELECT count(*) FROM moai_private.event"), 0);
}

TEST_F(SqlRetention, LetsACompletionThatWaitedFindItsEventHeld) {
    publish(1);
    const std::string results = claimed_results(1, "delivered");
    retention_.run("BEGIN");
    EXPECT_GE(retention_.number(kRetire), 1);
    int delivered = 0;
    std::jthread completion(
        [&] { delivered = worker_.number("SELECT delivered FROM moai.complete_deliveries('w', $1)", {results}); });
    wait_until_blocked(sql_, worker_.pid());
    retention_.run("COMMIT");
    completion.join();
    EXPECT_EQ(delivered, 1);
    EXPECT_EQ(sql_.value("SELECT string_agg(terminal_state::text, ',') FROM moai_private.attempt_held"), "delivered");
    EXPECT_EQ(sql_.number("SELECT moai_private.release_held()"), 1);
    EXPECT_EQ(sql_.number("SELECT count(*) FROM moai_private.attempt_held"), 0);
}

TEST_F(SqlRetention, LetsAClaimThatWaitedHaveItsPayload) {
    publish(1);
    retention_.run("BEGIN");
    EXPECT_GE(retention_.number(kRetire), 1);
    std::string payload;
    std::jthread claim([&] { payload = worker_.value("SELECT payload FROM moai.claim_deliveries('w', 1)"); });
    wait_until_blocked(sql_, worker_.pid());
    retention_.run("COMMIT");
    claim.join();
    EXPECT_EQ(payload, "{\"n\": 1}");
}

TEST_F(SqlRetention, GivesUpAtItsLockTimeoutWithNothingDone) {
    publish(1);
    worker_.run("BEGIN; SELECT moai.publish('a', '1')");
    EXPECT_EQ(retention_.refusal("SET lock_timeout = '50ms'; " + kRetire), "55P03");
    worker_.run("COMMIT");
    EXPECT_EQ(sql_.number("SELECT count(*) FROM moai_private.event"), 2);
    EXPECT_EQ(retention_.refusal(kRetire), "");
    EXPECT_EQ(sql_.number("SELECT count(*) FROM moai_private.event_held"), 1);
}

TEST_F(SqlRetention, RefusesATransactionWithOneSnapshot) {
    EXPECT_EQ(retention_.refusal("BEGIN ISOLATION LEVEL REPEATABLE READ; " + kRetire), "MO422");
}

TEST_F(SqlRetention, RacingWithWorkersLosesNoDeliveryAndNoAttempt) {
    publish(400);
    std::atomic<int> delivered{0};
    in_parallel(3, [&](int role) {
        SqlSession session(database_.url());
        if (role == 0) {
            EXPECT_GE(session.number(kRetire), 1);
            return;
        }
        for (std::string results; results != "[]";) {
            results = session.value(results_of("SELECT * FROM moai.claim_deliveries('w', 10)", "delivered"));
            delivered += session.number("SELECT delivered FROM moai.complete_deliveries('w', $1)", {results});
        }
    });
    EXPECT_EQ(delivered, 400);
    EXPECT_EQ(sql_.number("SELECT count(*) FROM moai_private.delivery"), 0);
    EXPECT_EQ(sql_.number("SELECT count(*) FROM moai_private.attempt_held AS a FULL JOIN moai_private.event_held AS h "
                          "ON h.id = a.event_id "
                          "WHERE a.event_id IS NULL OR h.id IS NULL"),
              0);
}

TEST_F(SqlRetention, ADeadLetterOfAHeldEventIsRedriven) {
    publish(1);
    sql_.run("UPDATE moai_private.delivery SET tries_left = 1");
    const std::string results = claimed_results(1, "failed");
    EXPECT_EQ(sql_.number("SELECT dead_lettered FROM moai.complete_deliveries('w', $1)", {results}), 1);
    EXPECT_GE(retention_.number(kRetire), 1);
    EXPECT_EQ(sql_.number("SELECT moai.redrive_dead_letters()"), 1);
    EXPECT_EQ(sql_.value("SELECT payload || ' ' || attempt_no FROM moai.claim_deliveries('w', 1)"), "{\"n\": 1} 2");
}

}  // namespace
}  // namespace moai::test
