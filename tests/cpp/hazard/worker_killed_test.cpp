// Workers that die: their leases end and others deliver; their retries are in others' timers.
#include <gtest/gtest.h>

#include <csignal>
#include <map>

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

// Nothing but a timer would find it: no safety look comes. How late it is in fact: bench/run retries.
constexpr std::int64_t kOnTimeUs = 1'000'000;

struct WorkerKilled : ::testing::Test {
    TestDatabase database{own_cluster().url()};
    FakeReceiver receiver;
    pg::Connection sql{database.admin_url(), "test"};
    MoaiProcess first{worker("first")};

    /// No safety look comes to help.
    std::vector<std::string> worker(const std::string& name) {
        return server("work", database.url(), {"--worker-name", name, "--safety-interval", "1h"});
    }
    void SetUp() override { first.await("worker listening"); }
};

TEST_F(WorkerKilled, AnotherDeliversAllThatWasInFlightWhenTheLeasesEnd) {
    constexpr std::size_t kDeliveries = 200;
    // Long enough that nothing times out before the worker dies; the lease is 18 s.
    for (int i = 0; i < 20; ++i) {  // an endpoint that does not answer gets 16 requests
        static_cast<void>(subscribe(sql, receiver.url(), "timeout => '5 s', format => 'raw'"));
    }
    receiver.on("/", Answer{.behaviour = Answer::Behaviour::hang_after_request});
    sql.script("SELECT count(*) FROM (SELECT moai.publish('a', to_json(n)) FROM generate_series(1, 10) AS n) AS p");
    ASSERT_TRUE(receiver.wait_for_distinct(kDeliveries, 4s));
    first.send(SIGKILL);
    ASSERT_EQ(first.wait(), 128 + SIGKILL);
    ASSERT_EQ(value(sql, "SELECT count(*) FROM moai.delivery WHERE state = 'delivering'"), "200");
    const std::int64_t leases_end_us =
        number(sql, "SELECT (extract(epoch FROM max(due_at)) * 1000000)::bigint FROM moai.delivery");

    std::map<std::string, std::string> bodies;
    for (const ReceivedRequest& request : receiver.requests()) {
        bodies[request.header("webhook-id")] = request.body;
    }
    receiver.on("/", Answer{.status = 200});
    receiver.clear();
    MoaiProcess second(worker("second"));
    ASSERT_TRUE(receiver.wait_for_distinct(kDeliveries, 25s))
        << "lost " << kDeliveries - receiver.distinct_deliveries();
    ASSERT_TRUE(
        eventually([&] { return value(sql, "SELECT count(*) FROM moai.delivery WHERE state <> 'delivered'") == "0"; }));

    EXPECT_EQ(receiver.count(), kDeliveries);
    for (const ReceivedRequest& request : receiver.requests()) {
        ASSERT_TRUE(bodies.contains(request.header("webhook-id")));
        EXPECT_EQ(request.body, bodies[request.header("webhook-id")]);
        EXPECT_EQ(request.header("moai-attempt"), "1") << "no attempt of the dead worker was recorded";
        EXPECT_LT(unix_us(request.arrived_at), leases_end_us + 1'000'000);
    }
}

TEST_F(WorkerKilled, ARetryThatTheDeadOneScheduledStartsOnTime) {
    static_cast<void>(subscribe(sql, receiver.url(), "retry_base => '3 s', retry_jitter => 0"));
    receiver.on("/", std::vector<Answer>{{.status = 500}, {.status = 200}});
    const std::string event = publish(sql);
    ASSERT_TRUE(eventually([&] { return state_of(sql, event) == "retrying"; }));
    first.send(SIGKILL);
    ASSERT_EQ(first.wait(), 128 + SIGKILL);
    // Started after the retry was scheduled: it has the time from its first claim.
    MoaiProcess second(worker("second"));
    ASSERT_TRUE(receiver.wait_for(2, 20s));
    const auto attempts = attempts_of(sql, event);
    ASSERT_FALSE(attempts.empty());
    const std::int64_t late_us = unix_us(receiver.requests()[1].arrived_at) - attempts[0].next_due_at_us;
    EXPECT_GE(late_us, 0);
    EXPECT_LT(late_us, kOnTimeUs);
}

TEST_F(WorkerKilled, ARetryThatTheDeadOneScheduledIsInTheTimerOfOneThatSleptMeanwhile) {
    MoaiProcess second(worker("second"));
    second.await("worker listening");
    static_cast<void>(subscribe(sql, receiver.url(), "retry_base => '3 s', retry_jitter => 0"));
    receiver.on("/", std::vector<Answer>{{.status = 500}, {.status = 200}});
    const std::string event = publish(sql);
    ASSERT_TRUE(eventually([&] { return state_of(sql, event) == "retrying"; }));
    const auto scheduled = attempts_of(sql, event);
    ASSERT_EQ(scheduled.size(), 1U);
    MoaiProcess& scheduler = scheduled[0].worker == "first" ? first : second;
    scheduler.send(SIGKILL);
    ASSERT_EQ(scheduler.wait(), 128 + SIGKILL);

    ASSERT_TRUE(receiver.wait_for(2, 20s));
    const std::int64_t late_us = unix_us(receiver.requests()[1].arrived_at) - scheduled[0].next_due_at_us;
    EXPECT_GE(late_us, 0);
    EXPECT_LT(late_us, kOnTimeUs);
    ASSERT_TRUE(eventually([&] { return state_of(sql, event) == "delivered"; }));
    EXPECT_NE(attempts_of(sql, event).back().worker, scheduled[0].worker);
}

TEST_F(WorkerKilled, ARetryThatADeadOneOutOfOfficeScheduledIsInTheSentinelsTimer) {
    MoaiProcess second(worker("second"));
    const std::string sentinel = sleeping_sentinel(sql), other = sentinel == "first" ? "second" : "first";
    ASSERT_TRUE(waits_for_office(sql, other) && has_settled(sql, other) && has_settled(sql, sentinel));
    static_cast<void>(subscribe(sql, receiver.url(), "retry_base => '3 s', retry_jitter => 0"));
    receiver.on("/", std::vector<Answer>{{.status = 500}, {.status = 200}});
    // The sentinel is not told of it, and a call for help is not for the sentinel.
    sql.script("SET moai.doorbell = off");
    const std::string event = publish(sql);
    sql.script("RESET moai.doorbell; NOTIFY moai_help");
    ASSERT_TRUE(eventually([&] { return state_of(sql, event) == "retrying"; }));
    MoaiProcess& scheduler = other == "first" ? first : second;
    scheduler.send(SIGKILL);
    ASSERT_EQ(scheduler.wait(), 128 + SIGKILL);
    const auto scheduled = attempts_of(sql, event);
    ASSERT_EQ(scheduled.size(), 1U);
    ASSERT_EQ(scheduled[0].worker, other);

    // What the sentinel knew before is the end of the lease, 28 s after the claim.
    ASSERT_TRUE(receiver.wait_for(2, 40s));
    const std::int64_t late_us = unix_us(receiver.requests()[1].arrived_at) - scheduled[0].next_due_at_us;
    EXPECT_GE(late_us, 0);
    EXPECT_LT(late_us, 5'000'000);
    ASSERT_TRUE(eventually([&] { return state_of(sql, event) == "delivered"; }));
    EXPECT_EQ(attempts_of(sql, event).back().worker, sentinel);
}

}  // namespace
}  // namespace moai::test
