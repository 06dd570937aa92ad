// Publishers of every kind beside a worker that sleeps: none waits for it, none is missed.
#include <gtest/gtest.h>

#include "integration/sql_session.hpp"
#include "support/doorbell_sql.hpp"
#include "support/fake_receiver.hpp"
#include "support/moai_process.hpp"
#include "support/pgbouncer.hpp"
#include "support/test_cluster.hpp"
#include "support/test_database.hpp"

namespace moai::test {
namespace {

using namespace std::chrono_literals;

/// Its own, for prepared transactions.
TestCluster& cluster() {
    static TestCluster instance({.settings = {"max_prepared_transactions=10"}});
    return instance;
}

struct DoorbellTest : ::testing::Test {
    TestDatabase database{cluster().url()};
    FakeReceiver receiver;
    pg::Connection sql{database.admin_url(), "test"};
    std::unique_ptr<MoaiProcess> moai;

    void SetUp() override { static_cast<void>(test::subscribe(sql, receiver.url())); }
    void start(const std::string& safety_interval) {
        moai = std::make_unique<MoaiProcess>(
            server("run", database.url(), {"--worker-name", "w", "--safety-interval", safety_interval}));
        ASSERT_EQ(sleeping_sentinel(sql), "w");
    }
    [[nodiscard]] bool delivers(const std::string& event) {
        return eventually([&] { return state_of(sql, event) == "delivered"; }, 10s);
    }
    double catches() {
        RestClient api(api_port(*moai));
        return metric(api, "moai_safety_look_catches_total");
    }
};

constexpr const char* kPublish = "SELECT moai.publish('a', '{}')";

TEST_F(DoorbellTest, HearsPublishersBehindAPoolOfTransactions) {
    start("1h");
    const PgBouncer bouncer(cluster().url());
    for (int i = 0; i < 5; ++i) {
        pg::Connection pooled(bouncer.url(database.name(), "moai_test"), "pooled");
        ASSERT_EQ(sleeping_sentinel(sql), "w");
        ASSERT_TRUE(delivers(publish(pooled)));
        ASSERT_EQ(sleeping_sentinel(sql), "w") << "the pool's connections keep no lock";
        ASSERT_TRUE(delivers(publish(pooled)));
    }
    EXPECT_EQ(catches(), 0);
}

TEST_F(DoorbellTest, HearsTwoPhaseCommitFromNobodyAndSaysWhatToDo) {
    start("1h");
    SqlSession publisher(database.url());
    publisher.run(std::string("BEGIN; ") + kPublish);
    EXPECT_EQ(publisher.refusal("PREPARE TRANSACTION 'x'"), "0A000") << "PostgreSQL's own rule: no NOTIFY in it";
}

TEST_F(DoorbellTest, WithTheBellOffTwoPhaseCommitIsDeliveredBySafetyLooks) {
    start("1s");
    SqlSession publisher(database.url());
    publisher.run("SET moai.doorbell = off");
    publisher.run(std::string("BEGIN; ") + kPublish + "; PREPARE TRANSACTION 'x'");
    EXPECT_FALSE(receiver.wait_for(1, 1200ms)) << "it is not committed";
    publisher.run("COMMIT PREPARED 'x'");
    EXPECT_TRUE(receiver.wait_for(1, 10s));
}

TEST_F(DoorbellTest, APublisherThatStaysOpenHoldsUpNobodyAndIsSeenWhenItCommits) {
    // The worker is kept awake by what is to come, so that the publisher finds no flag and need not ring.
    SqlSession open(database.url());
    open.run(std::string("BEGIN; ") + kPublish);
    moai =
        std::make_unique<MoaiProcess>(server("run", database.url(), {"--worker-name", "w", "--safety-interval", "1h"}));
    ASSERT_TRUE(waits_for_office(sql, "w")) << "for the flag, in this case";
    EXPECT_EQ(holder_of(sql, 1), "");
    RestClient api(api_port(*moai));
    const double looks = metric(api, R"(moai_wakeups_total{reason="falling_asleep"})");
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < 10; ++i) {
        ASSERT_TRUE(delivers(publish(sql)));
    }
    ASSERT_TRUE(receiver.wait_for(10, 1s));
    ASSERT_TRUE(eventually([&] { return std::chrono::steady_clock::now() - begin > 4s; }));
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    EXPECT_LE(metric(api, R"(moai_wakeups_total{reason="falling_asleep"})") - looks, 13 * seconds + 10)
        << "about ten looks a second, and one for each end of a wait";
    open.run("COMMIT");
    ASSERT_TRUE(receiver.wait_for(11, 20s));
    EXPECT_EQ(sleeping_sentinel(sql), "w");
    EXPECT_EQ(catches(), 0);
}

TEST_F(DoorbellTest, APreparedTransactionOfAnAwakeTimeKeepsNobodyFromPublishing) {
    SqlSession open(database.url());
    open.run(std::string("BEGIN; ") + kPublish + "; PREPARE TRANSACTION 'forgotten'");
    moai =
        std::make_unique<MoaiProcess>(server("run", database.url(), {"--worker-name", "w", "--safety-interval", "1h"}));
    ASSERT_TRUE(waits_for_office(sql, "w"));
    SqlSession publisher(database.url());
    publisher.run("SET statement_timeout = '5s'");
    for (int i = 0; i < 10; ++i) {
        ASSERT_TRUE(delivers(publisher.value(kPublish)));
    }
    open.run("COMMIT PREPARED 'forgotten'");
    ASSERT_TRUE(receiver.wait_for(11, 20s));
}

TEST_F(DoorbellTest, UnderLoadItIsSilent) {
    start("1h");
    sql.script("CREATE EXTENSION IF NOT EXISTS pg_stat_statements; SET pg_stat_statements.track = 'all'");
    sql.script("SELECT pg_stat_statements_reset()");
    constexpr int kPublishers = 8, kEach = 250, kAll = kPublishers * kEach;
    in_parallel(kPublishers, [&](int) {
        SqlSession publisher(database.url_as("postgres"));
        publisher.run("SET pg_stat_statements.track = 'all'");
        for (int i = 0; i < kEach; ++i) {
            publisher.run(kPublish);
        }
    });
    ASSERT_TRUE(receiver.wait_for_distinct(kAll, 30s));
    const auto rings = number(
        sql, "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements WHERE query LIKE '%pg_notify(%' AND NOT toplevel");
    EXPECT_GT(rings, 0) << "the first one woke it up; if none is counted, this test is blind";
    EXPECT_LE(rings, kAll / 20);
    EXPECT_EQ(catches(), 0);
}

}  // namespace
}  // namespace moai::test
