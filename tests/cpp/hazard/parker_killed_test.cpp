// A worker that parked deliveries and died: they are delivered all the same, soon, and have lost nothing by waiting.
#include <gtest/gtest.h>

#include <csignal>

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
using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kDeliveries = 10'000;

struct ParkerKilled : ::testing::Test {
    TestDatabase database{own_cluster().url()};
    FakeReceiver receiver;
    pg::Connection sql{database.admin_url(), "test"};
    MoaiProcess first{server("work", database.url(), {"--worker-name", "first"})};

    /// 10 000 of an endpoint that hangs, 16 of them in flight and the others parked.
    void SetUp() override {
        receiver.on("/", Answer{.behaviour = Answer::Behaviour::hang_after_request});
        first.await("worker listening");
        static_cast<void>(subscribe(sql, receiver.url(), "timeout => '5 s', format => 'raw'"));
        sql.script(
            "SELECT count(*) FROM (SELECT moai.publish('a', to_json(n)) FROM generate_series(1, 10000) AS n) AS p");
        ASSERT_TRUE(eventually([&] { return parked() == kDeliveries - 16; }, 4s)) << parked();
    }
    std::size_t parked() {
        return static_cast<std::size_t>(number(sql, "SELECT count(*) FROM moai_private.delivery WHERE parked"));
    }
    void kill(MoaiProcess& worker) {
        worker.send(SIGKILL);
        ASSERT_EQ(worker.wait(), 128 + SIGKILL);
        receiver.on("/", Answer{.status = 200});
        receiver.clear();
    }
    void expect_all_delivered() {
        ASSERT_TRUE(receiver.wait_for_distinct(kDeliveries, 60s))
            << "lost " << kDeliveries - receiver.distinct_deliveries() << ", parked " << parked();
        ASSERT_TRUE(eventually([&] { return number(sql, "SELECT count(*) FROM moai_private.delivery") == 0; }, 10s));
        EXPECT_EQ(value(sql, "SELECT count(*) FROM moai.attempt WHERE terminal_state = 'delivered'"), "10000");
        EXPECT_EQ(value(sql, "SELECT sum(attempt_no - 1) FROM moai.attempt WHERE terminal_state = 'delivered'"),
                  value(sql, "SELECT count(*) FROM moai.attempt WHERE terminal_state IS NULL"))
            << "only requests that failed have spent an attempt, not parking and not dying";
    }
};

TEST_F(ParkerKilled, OneThatStartsDeliversWhatTheDeadOneParked) {
    kill(first);
    MoaiProcess second(server("work", database.url(), {"--worker-name", "second"}));
    expect_all_delivered();
    EXPECT_EQ(receiver.count(), kDeliveries);
}

TEST_F(ParkerKilled, OneThatTakesTheOfficeDeliversWhatTheDeadOneParked) {
    MoaiProcess second(server("work", database.url(), {"--worker-name", "second"}));
    second.await("worker listening");
    // It has learned of the parked ones when it started, and can send none of them: the endpoint hangs. The office is
    // the first one's.
    ASSERT_TRUE(receiver.wait_for(32, 10s));
    ASSERT_TRUE(eventually([&] { return parked() == kDeliveries - 32; }, 10s)) << parked();
    kill(first);
    expect_all_delivered();
}

TEST(Parking, OfAWorkerThatDiesIsSeenByOneThatHasWaitedForTheOffice) {
    TestDatabase database(own_cluster().url());
    FakeReceiver receiver;
    pg::Connection sql(database.admin_url(), "test");
    static_cast<void>(subscribe(sql, receiver.url()));
    MoaiProcess first(server("work", database.url(), {"--worker-name", "first"}));
    ASSERT_EQ(sleeping_sentinel(sql), "first");
    MoaiProcess second(server("work", database.url(), {"--worker-name", "second"}));
    ASSERT_TRUE(waits_for_office(sql, "second") && has_settled(sql, "second"));
    sql.script(
        "BEGIN; SELECT moai.publish('a', '{}');"
        "UPDATE moai_private.delivery SET parked = true, due_at = clock_timestamp() + interval '5 min';"
        "COMMIT");
    first.send(SIGKILL);
    EXPECT_TRUE(receiver.wait_for(1, 30s));
}

TEST(Parking, ThatNobodyKnowsOfEndsWhenItLapses) {
    TestDatabase database(own_cluster().url());
    FakeReceiver receiver;
    pg::Connection sql(database.admin_url(), "test");
    static_cast<void>(subscribe(sql, receiver.url()));
    MoaiProcess worker(server("work", database.url(), {"--worker-name", "w"}));
    static_cast<void>(publish(sql));
    ASSERT_TRUE(receiver.wait_for(1, 20s));
    // It asks what is parked when it starts, and once more, five seconds later at most, because it took the office.
    ASSERT_EQ(sleeping_sentinel(sql), "w");
    ASSERT_TRUE(has_learned(sql, "w"));
    // As a worker would have left it that died when this one was not in office, nor started after it.
    sql.script(
        "BEGIN; SELECT moai.publish('a', '{}');"
        "UPDATE moai_private.delivery SET parked = true, due_at = clock_timestamp() + interval '2 s' WHERE lease_token "
        "IS NULL;"
        "COMMIT");
    const auto parked_at = SteadyClock::now();
    ASSERT_TRUE(receiver.wait_for(2, 10s));
    EXPECT_GE(receiver.requests()[1].arrived_at - parked_at, 1900ms);
    EXPECT_LE(receiver.requests()[1].arrived_at - parked_at, 10s) << "its time is in the worker's timer";
}

}  // namespace
}  // namespace moai::test
