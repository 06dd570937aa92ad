// VACUUM of the queue by a worker: it removes what claims and results leave behind, stops nobody, and is not believed.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "base/event_loop.hpp"
#include "pg/connection.hpp"
#include "store/pg_queue_upkeep.hpp"
#include "support/eventually.hpp"
#include "support/fake_receiver.hpp"
#include "support/moai_process.hpp"
#include "support/moai_sql.hpp"
#include "support/rest_client.hpp"
#include "support/test_database.hpp"

namespace moai::test {
namespace {

using namespace std::chrono_literals;
using store::UpkeepReport;
using Result = UpkeepReport::Result;
using ::testing::HasSubstr;

constexpr int kRows = 3'000;

class QueueUpkeepTest : public ::testing::Test {
protected:
    TestDatabase database_;
    pg::Connection sql_{database_.admin_url(), "test"};
    base::EventLoop loop_;

    QueueUpkeepTest() {
        // Nobody but us cleans up.
        sql_.script("ALTER TABLE moai_private.delivery SET (autovacuum_enabled = off)");
        static_cast<void>(subscribe(sql_, "http://127.0.0.1:9/"));
    }

    /// One tend(), to its end.
    UpkeepReport tend(const std::string& url, bool vacuum = true) {
        store::PgQueueUpkeep upkeep(loop_, {.database_url = url, .worker_name = "w"});
        std::optional<UpkeepReport> got;
        upkeep.tend(vacuum, [&](const UpkeepReport& report, const pg::Error* error) {
            EXPECT_EQ(error, nullptr) << (error == nullptr ? "" : error->what());
            got = report;
            loop_.stop();
        });
        loop_.run();
        return got.value();
    }
    UpkeepReport tend(bool vacuum = true) { return tend(database_.url(), vacuum); }

    void publish_many() {
        sql_.query(fmt::format("SELECT count(moai.publish('a', to_json(n))) FROM generate_series(1, {}) AS n", kRows));
    }
    /// Two dead rows for each delivery.
    void claim_and_complete_all() {
        for (int done = 0; done < kRows;) {
            done += static_cast<int>(number(
                sql_,
                "WITH c AS MATERIALIZED (SELECT * FROM moai.claim_deliveries('w', 500) WHERE event_id IS NOT NULL) "
                "SELECT "
                "delivered FROM moai.complete_deliveries('w', (SELECT json_agg(json_build_object('event_id', event_id, "
                "'subscription_id', subscription_id, 'lease_token', lease_token, 'attempt_no', attempt_no, 'outcome', "
                "'delivered', 'started_at_us', claimed_at_us)) FROM c))"));
        }
        sql_.query("SELECT pg_stat_force_next_flush()");
    }
    std::int64_t dead_rows() {
        return number(sql_,
                      "SELECT n_dead_tup FROM pg_stat_all_tables WHERE relid = 'moai_private.delivery'::regclass");
    }
    std::int64_t pages() { return number(sql_, "SELECT pg_relation_size('moai_private.delivery') / 8192"); }
    std::int64_t vacuums() {
        return number(sql_,
                      "SELECT vacuum_count FROM pg_stat_all_tables WHERE relid = 'moai_private.delivery'::regclass");
    }

    /// A login that works, and owns nothing.
    std::string worker_login() {
        std::string login = database_.name() + "_worker";
        sql_.script("CREATE ROLE " + login + " LOGIN; GRANT moai_worker TO " + login);
        return login;
    }
    void drop(const std::string& login) { sql_.script("DROP OWNED BY " + login + "; DROP ROLE " + login); }
};

TEST_F(QueueUpkeepTest, RemovesTheDeadRowsOfClaimsAndResultsSoThatTheTableStopsGrowing) {
    publish_many();
    claim_and_complete_all();
    ASSERT_GE(dead_rows(), 2 * kRows);
    const UpkeepReport report = tend();
    EXPECT_EQ(report.result, Result::done);
    EXPECT_TRUE(report.vacuumed);
    EXPECT_GE(report.dead_rows, 2 * kRows);
    EXPECT_EQ(dead_rows(), 0);
    const std::int64_t grown = pages();
    for (int round = 0; round < 3; ++round) {
        publish_many();
        claim_and_complete_all();
        EXPECT_EQ(tend().result, Result::done);
    }
    EXPECT_LE(pages(), grown) << "the room of the dead is used again";
    publish_many();
    claim_and_complete_all();
    publish_many();
    EXPECT_GT(pages(), grown) << "and would not be without";
}

TEST_F(QueueUpkeepTest, DoesUnaskedOnlyWhatManyDeadRowsAskFor) {
    EXPECT_FALSE(tend(false).vacuumed);
    publish_many();
    claim_and_complete_all();
    ASSERT_TRUE(eventually([&] { return number(sql_, "SELECT dead_rows FROM moai.upkeep_state()") >= 5'000; }));
    EXPECT_TRUE(tend(false).vacuumed);
    EXPECT_FALSE(tend(false).vacuumed);
}

TEST_F(QueueUpkeepTest, IsRefusedToALoginThatOwnsNothingAndSaysWhoseMemberMay) {
    const std::string login = worker_login();
    const UpkeepReport report = tend(database_.url_as(login));
    EXPECT_EQ(report.result, Result::refused);
    EXPECT_EQ(
        report.owner,
        value(sql_, "SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'moai_private.delivery'::regclass"));
    EXPECT_EQ(report.login, login);
    EXPECT_EQ(vacuums(), 0);
    // What the server itself says to that login is success.
    pg::Connection naive(database_.url_as(login), "test");
    EXPECT_NO_THROW(naive.script("VACUUM moai_private.delivery"));
    EXPECT_EQ(vacuums(), 0);
    sql_.script("GRANT moai_owner TO " + login);
    EXPECT_EQ(tend(database_.url_as(login)).result, Result::done);
    EXPECT_EQ(vacuums(), 1);
    sql_.script("REVOKE moai_owner FROM " + login);
    drop(login);
}

TEST_F(QueueUpkeepTest, WaitsForNobodysLockAndDoesNotTakeASkippedVacuumForDone) {
    publish_many();
    pg::Connection other(database_.url(), "test other");
    // Another VACUUM's lock.
    other.script("BEGIN; LOCK TABLE moai_private.delivery IN SHARE UPDATE EXCLUSIVE MODE");
    EXPECT_EQ(tend().result, Result::skipped);
    EXPECT_EQ(vacuums(), 0);
    // Beside it, publishing and claiming go on.
    sql_.script("SET lock_timeout = '1s'");
    publish(sql_);
    claim_and_complete_all();
    other.script("ROLLBACK");
    // An open claim does not stop it.
    other.script("BEGIN; SELECT moai.publish('a', '1'); SELECT count(*) FROM moai.claim_deliveries('other', 10)");
    EXPECT_EQ(tend().result, Result::done);
    EXPECT_EQ(vacuums(), 1);
}

TEST_F(QueueUpkeepTest, AnalyzesThePartitionedTablesWhenTheyHaveGrownAndOnceADay) {
    EXPECT_FALSE(tend().analyzed) << "there is nothing to know";
    publish_many();
    sql_.query("SELECT pg_stat_force_next_flush()");
    ASSERT_TRUE(eventually([&] { return value(sql_, "SELECT analyze_due FROM moai.upkeep_state()") == "t"; }));
    EXPECT_TRUE(tend().analyzed);
    EXPECT_EQ(value(sql_, "SELECT reltuples FROM pg_class WHERE oid = 'moai_private.event'::regclass"),
              std::to_string(kRows));
    EXPECT_FALSE(tend().analyzed);
    EXPECT_EQ(
        value(sql_,
              "SELECT analyze_due FROM moai_private.upkeep_state(current_user, clock_timestamp() + interval '25 h')"),
        "t");
}

TEST_F(QueueUpkeepTest, IsDoneByAWorkerThatHasMadeManyDeadRows) {
    FakeReceiver receiver;
    sql_.script("SELECT moai.delete_subscription(id) FROM moai.subscription");
    static_cast<void>(subscribe(sql_, receiver.url()));
    MoaiProcess work({"work", "--database-url", database_.url()});
    work.await("worker listening");
    for (int i = 0; i < 4; ++i) {
        publish_many();
    }
    ASSERT_TRUE(eventually([&] { return vacuums() > 0; }, 60s)) << work.err();
    // Whether the last of it was in that one, or is in the next: it does not stay.
    EXPECT_TRUE(eventually([&] { return number(sql_, "SELECT count(*) FROM moai_private.delivery") == 0; }, 60s));
    work.send(SIGTERM);
    EXPECT_EQ(work.wait(), 0);
}

TEST_F(QueueUpkeepTest, ThatIsRefusedIsToldOnceAndCountedAndTheWorkGoesOn) {
    const std::string login = worker_login();
    FakeReceiver receiver;
    MoaiProcess moai(server("run", database_.url(), {"--maintenance-url", database_.url_as(login)}));
    RestClient api(api_port(moai));
    moai.await("may not vacuum the queue[^\\n]*TO " + login);
    EXPECT_TRUE(eventually([&] {
        return api.request("GET", "/metrics").body.find("moai_upkeep_total{result=\"refused\"} 1") != std::string::npos;
    }));
    static_cast<void>(subscribe(sql_, receiver.url()));
    publish(sql_);
    EXPECT_TRUE(receiver.wait_for(1, 30s));
    moai.send(SIGTERM);
    EXPECT_EQ(moai.wait(), 0);
    EXPECT_EQ(vacuums(), 0);
    drop(login);
}

}  // namespace
}  // namespace moai::test
