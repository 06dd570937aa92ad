// A transaction that stays open keeps the rows of all that ended since it began, and their index entries.
#include <gtest/gtest.h>

#include "integration/sql_session.hpp"
#include "support/doorbell_sql.hpp"
#include "support/eventually.hpp"
#include "support/fake_receiver.hpp"
#include "support/moai_process.hpp"
#include "support/moai_sql.hpp"
#include "support/own_cluster.hpp"
#include "support/test_database.hpp"

namespace moai::test {
namespace {

using namespace std::chrono_literals;

// A safety look within the test would find what the looks that are tested do not.
constexpr const char* kNever = "1h";

struct OldTransaction : ::testing::Test {
    TestDatabase database{own_cluster().url()};
    FakeReceiver receiver;
    pg::Connection sql{database.admin_url(), "test"}, old{database.admin_url(), "old transaction"};

    void SetUp() override {
        sql.script("CREATE EXTENSION IF NOT EXISTS pg_stat_statements");
        const auto subscription = subscribe(sql, receiver.url());
        old.script("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pg_class");
        // What some minutes of traffic leave: 300 000 deliveries that were due and are gone.
        sql.query(
            "INSERT INTO moai_private.delivery (event_id, subscription_id, due_at, tries_left)"
            " SELECT gen_random_uuid(), $1::uuid, now() - make_interval(secs => 7200 - n / 50.0), 3"
            " FROM generate_series(1, 300000) AS n",
            {subscription.id});
        sql.script("DELETE FROM moai_private.delivery");
        // As long as no worker has looked its marks are nowhere.
        worker = std::make_unique<MoaiProcess>(
            server("work", database.url(), {"--worker-name", "w", "--safety-interval", kNever}));
        ASSERT_EQ(sleeping_sentinel(sql), "w");
    }
    [[nodiscard]] bool is_delivered(const std::string& event, std::chrono::milliseconds patience = 30s) {
        return eventually([&] { return state_of(sql, event) == "delivered"; }, patience);
    }
    /// Of the queue's table and indexes, that one claim has read so far on average; and how many there were.
    std::pair<double, std::int64_t> pages_of_a_claim() {
        const auto row = sql.query(
            "SELECT coalesce(sum(shared_blks_hit + shared_blks_read), 0), coalesce(sum(calls), 0) FROM "
            "pg_stat_statements AS s"
            " JOIN pg_database AS d ON d.oid = s.dbid WHERE d.datname = current_database() AND s.toplevel"
            " AND query LIKE 'SELECT * FROM moai.claim_deliveries(%'");
        const double pages = std::stod(std::string(row.text(0, 0)));
        const auto calls = std::stoll(std::string(row.text(0, 1)));
        return {pages / static_cast<double>(std::max<std::int64_t>(calls, 1)), calls};
    }

    std::unique_ptr<MoaiProcess> worker;
};

TEST_F(OldTransaction, ClaimsDoNotReadPastAllThatHasEndedSinceItBegan) {
    const std::string all =
        value(sql, "SELECT pg_relation_size('moai_private.delivery') / current_setting('block_size')::int");
    for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(is_delivered(publish(sql)));  // some looks at everything, which show what they cost
    }
    sql.script("SELECT pg_stat_statements_reset()");
    for (int i = 0; i < 200; ++i) {
        ASSERT_TRUE(is_delivered(publish(sql)));
    }
    const auto [pages, claims] = pages_of_a_claim();
    EXPECT_GE(claims, 100);
    EXPECT_LT(pages, std::stod(all) / 4) << "of " << all << " that hold nothing";
}

TEST_F(OldTransaction, WhatCommitsLateIsFoundAllTheSame) {
    SqlSession late(database.url());
    late.run("BEGIN");
    const std::string event = late.value("SELECT moai.publish('late', '1')");
    const auto begin = std::chrono::steady_clock::now();
    // Meanwhile claims go on, and leave its due time behind.
    while (std::chrono::steady_clock::now() - begin < 2500ms) {
        ASSERT_TRUE(is_delivered(publish(sql)));
    }
    late.run("COMMIT");
    EXPECT_TRUE(is_delivered(event, 60s)) << "30 s after the last look at everything comes the next, at the latest";
}

}  // namespace
}  // namespace moai::test
