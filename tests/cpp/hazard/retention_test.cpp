// Partitions that go while something still needs what was in them.
#include <gtest/gtest.h>

#include "support/eventually.hpp"
#include "support/fake_receiver.hpp"
#include "support/moai_process.hpp"
#include "support/moai_sql.hpp"
#include "support/own_cluster.hpp"
#include "support/test_database.hpp"

namespace moai::test {
namespace {

using namespace std::chrono_literals;

struct Retention : ::testing::Test {
    TestDatabase database{own_cluster().url()};
    FakeReceiver receiver;
    pg::Connection sql{database.admin_url(), "test"};

    std::string publish_at(const std::string& when, const std::string& payload) {
        return value(sql,
                     "SELECT id FROM moai_private.insert_event('a', $1, NULL, 'default', '24:00', clock_timestamp() + "
                     "$2::interval)",
                     {payload, when});
    }
    void retire_before_last_month() {
        sql.script("BEGIN; SELECT moai_private.retire_partitions(clock_timestamp() - interval '30 days'); COMMIT");
    }
};

TEST_F(Retention, AnOpenDeliveryIsCompletedAfterItsEventsPartitionWasDropped) {
    static_cast<void>(subscribe(sql, receiver.url(), "format => 'raw', retry_base => '100 ms', retry_jitter => 0"));
    receiver.on("/", std::vector<Answer>{{.status = 500}, {.status = 200}});
    sql.script("SELECT moai_private.make_partitions(clock_timestamp() - interval '100 days', interval '30 days')");
    const std::string event = publish_at("-100 days", R"({"old": 1.0})");
    const std::string partition = value(
        sql, "SELECT 'moai_private.event_' || moai_private.partition_week(clock_timestamp() - interval '100 days')");
    ASSERT_NE(value(sql, "SELECT to_regclass($1)", {partition}), "");
    retire_before_last_month();
    ASSERT_EQ(value(sql, "SELECT to_regclass($1)", {partition}), "");

    MoaiProcess worker(server("work", database.url()));
    ASSERT_TRUE(eventually([&] { return state_of(sql, event) == "delivered"; })) << worker.err();
    ASSERT_EQ(receiver.count(), 2U);
    EXPECT_EQ(receiver.requests()[1].body, R"({"old": 1.0})");
    EXPECT_EQ(receiver.requests()[1].header("webhook-id"), event);
    EXPECT_EQ(attempts_of(sql, event).size(), 2U);
}

TEST_F(Retention, ADeliveryInFlightIsCompletedWhenItsPartitionGoesMeanwhile) {
    static_cast<void>(subscribe(sql, receiver.url()));
    receiver.on("/", Answer{.held = true});
    sql.script("SELECT moai_private.make_partitions(clock_timestamp() - interval '100 days', interval '30 days')");
    MoaiProcess worker(server("work", database.url()));
    worker.await("worker listening");
    const std::string event = publish_at("-100 days", "{}");
    ASSERT_TRUE(receiver.wait_for(1, 10s));
    retire_before_last_month();
    receiver.release();
    ASSERT_TRUE(eventually([&] { return state_of(sql, event) == "delivered"; })) << worker.err();
    EXPECT_EQ(receiver.count(), 1U);
}

TEST_F(Retention, ADeadLetterIsRedrivenAfterItsPartitionWasDropped) {
    static_cast<void>(subscribe(sql, receiver.url(), "format => 'raw', max_attempts => 1"));
    receiver.on("/", std::vector<Answer>{{.status = 500}, {.status = 200}});
    sql.script("SELECT moai_private.make_partitions(clock_timestamp() - interval '100 days', interval '30 days')");
    MoaiProcess worker(server("work", database.url()));
    const std::string event = publish_at("-100 days", "[1e5]");
    ASSERT_TRUE(eventually([&] { return state_of(sql, event) == "dead"; }));
    retire_before_last_month();
    ASSERT_EQ(value(sql, "SELECT moai.redrive_dead_letters()"), "1");
    ASSERT_TRUE(eventually([&] { return state_of(sql, event) == "delivered"; })) << worker.err();
    EXPECT_EQ(receiver.requests()[1].body, "[1e5]");
    EXPECT_EQ(receiver.requests()[1].header("moai-attempt"), "2");
}

TEST_F(Retention, AnEventAlmostThreeYearsAheadIsPublishedAndDeliveredThoughNoWorkerEverRan) {
    static_cast<void>(subscribe(sql, receiver.url()));
    const std::string event = publish_at("2 years 11 months", "{}");
    EXPECT_EQ(state_of(sql, event), "pending");
    sql.script("UPDATE moai_private.delivery SET due_at = now()");
    MoaiProcess worker(server("work", database.url()));
    ASSERT_TRUE(eventually([&] { return state_of(sql, event) == "delivered"; })) << worker.err();
}

}  // namespace
}  // namespace moai::test
