// What results and breakers say of endpoints, while other workers and operators say something else.
#include <gtest/gtest.h>

#include <future>

#include "integration/sql_session.hpp"
#include "support/test_database.hpp"

namespace moai::test {
namespace {

struct SqlEndpointHealth : ::testing::Test {
    TestDatabase database;
    SqlSession sql{database.url()};
};

TEST_F(SqlEndpointHealth, ResultsThatWouldDisableASubscriptionWaitForNoOperatorWhoHoldsIt) {
    const std::string subscription = subscribe(sql);
    sql.run("SELECT moai.publish('a', '1')");
    const auto gone = [this] {
        auto results = sql.value(results_of("SELECT * FROM moai.claim_deliveries('w', 1)", "failed"));
        const std::string status = "\"http_status\" : 200";
        results.replace(results.find(status), status.size(), "\"http_status\" : 410");
        return sql.value("SELECT retried FROM moai.complete_deliveries('w', '" + results + "')");
    };
    const auto state = [this] { return sql.value("SELECT state FROM moai.subscription"); };
    SqlSession operator_session(database.url());
    operator_session.run("BEGIN; SELECT moai.pause_subscription('" + subscription + "')");
    sql.run("SET lock_timeout = '100ms'");
    EXPECT_EQ(gone(), "1");
    operator_session.run("ROLLBACK");
    EXPECT_EQ(state(), "active");
    sql.run("SELECT moai.publish('a', '2')");
    EXPECT_EQ(gone(), "1");
    EXPECT_EQ(state(), "disabled") << "the next one does it";
}

TEST_F(SqlEndpointHealth, WhatWorkersTellOfBreakersWaitsForNoOperatorWhoResumesTheSubscription) {
    const std::string subscription = subscribe(sql);
    const std::string open = "SELECT moai.record_breakers('w', '[{\"subscription_id\":\"" + subscription +
                             "\",\"is_open\":true,\"probe_in_us\":60000000,\"consecutive_failures\":20,"
                             "\"times_opened\":1,\"reason\":\"timeout\"}]')";
    sql.run(open);
    SqlSession operator_session(database.url());
    operator_session.run("BEGIN; SELECT moai.resume_subscription('" + subscription + "')");
    sql.run("SET lock_timeout = '100ms'");
    sql.run(open);
    operator_session.run("COMMIT");
    EXPECT_EQ(sql.value("SELECT breaker FROM moai.subscription"), "closed");
    sql.run(open);
    EXPECT_EQ(sql.value("SELECT breaker FROM moai.subscription"), "open");
}

TEST_F(SqlEndpointHealth, FailuresAndSuccessesOfTheSameEndpointsNeverDeadlock) {
    constexpr int kWorkers = 4;
    for (int i = 0; i < 20; ++i) {
        subscribe(sql);
    }
    in_parallel(kWorkers, [&](int worker) {
        SqlSession session(database.url());
        for (int i = 0; i < 50; ++i) {
            session.run("SELECT moai.publish('a', '1')");
            // Each for other endpoints, in turn, so that what one batch notes another takes away.
            const std::string results = session.value(
                "SELECT coalesce(json_agg(json_build_object('event_id', event_id, 'subscription_id', subscription_id,"
                " 'lease_token', lease_token, 'attempt_no', attempt_no, 'started_at_us', claimed_at_us, 'outcome', o,"
                " 'error_class', CASE o WHEN 'failed' THEN 'timeout' END)), '[]')"
                " FROM moai.claim_deliveries('w', 20) AS c, LATERAL (SELECT CASE WHEN "
                "abs(hashtext(subscription_id::text) + " +
                std::to_string(worker + i) +
                ") % 2 = 0 THEN 'delivered' ELSE 'failed' END AS o) AS o WHERE event_id IS NOT NULL");
            session.run("SELECT moai.complete_deliveries('w', '" + results + "')");
        }
    });
    EXPECT_GT(sql.number("SELECT count(*) FROM moai_private.attempt WHERE terminal_state = 'delivered'"), 100);
    EXPECT_GT(sql.number(
                  "SELECT count(*) FROM moai_private.attempt WHERE error_class = 'timeout' AND terminal_state IS NULL"),
              100);
}

TEST_F(SqlEndpointHealth, WhoTellsOfADeadLetterAndWhoRetiresPartitionsDoNotDeadlock) {
    sql.run("SELECT moai.create_subscription('https://a.example/', '{a}', max_attempts => 1)");
    sql.run("SELECT moai.create_subscription('https://b.example/', '{moai.*}')");
    sql.run("SELECT moai.publish('a', '1')");
    const std::string results = sql.value(results_of("SELECT * FROM moai.claim_deliveries('w', 1)", "failed"));
    SqlSession reader(database.url()), retiring(database.url()), worker(database.url());
    reader.run("BEGIN; SELECT FROM moai.event LIMIT 1");
    auto retired = std::async(std::launch::async, [&] {
        // The locks of moai_private.retire_partitions, in its order.
        retiring.run(
            "BEGIN; SET LOCAL ROLE moai_owner; LOCK TABLE ONLY moai_private.event, ONLY moai_private.attempt, "
            "ONLY moai_private.outcome IN ACCESS EXCLUSIVE MODE; COMMIT");
    });
    wait_until_blocked(sql, retiring.pid());
    auto completed = std::async(std::launch::async, [&] {
        return worker.value("SELECT dead_lettered FROM moai.complete_deliveries('w', '" + results + "')");
    });
    wait_until_blocked(sql, worker.pid());
    reader.run("COMMIT");
    EXPECT_NO_THROW(retired.get());
    EXPECT_EQ(completed.get(), "1");
    EXPECT_EQ(sql.value("SELECT count(*) FROM moai.event WHERE type = 'moai.delivery.dead_lettered'"), "1");
}

}  // namespace
}  // namespace moai::test
