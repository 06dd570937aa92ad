// What becomes of deliveries when their worker is told to stop. (Its exit codes: integration/cli_start_test.)
#include <gtest/gtest.h>

#include <csignal>

#include "config/exit_code.hpp"
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

struct Shutdown : ::testing::Test {
    TestDatabase database{own_cluster().url()};
    FakeReceiver receiver;
    pg::Connection sql{database.admin_url(), "test"};
};

TEST_F(Shutdown, ADrainRecordsWhatIsInFlightAndStartsNothingNew) {
    static_cast<void>(subscribe(sql, receiver.url()));
    receiver.on("/", Answer{.held = true});
    MoaiProcess worker(server("work", database.url()));
    worker.await("worker listening");
    const std::string in_flight = publish(sql);
    ASSERT_TRUE(receiver.wait_for(1, 20s));
    worker.send(SIGTERM);
    worker.await("draining");
    const std::string too_late = publish(sql);
    receiver.release();
    EXPECT_EQ(worker.wait(20s), 0) << worker.err();
    EXPECT_EQ(state_of(sql, in_flight), "delivered");
    EXPECT_EQ(state_of(sql, too_late), "pending") << "not even claimed";
    EXPECT_EQ(receiver.count(), 1U);
}

TEST_F(Shutdown, ASecondSignalLeavesWhatIsInFlightToItsLease) {
    static_cast<void>(subscribe(sql, receiver.url()));
    receiver.on("/", Answer{.behaviour = Answer::Behaviour::hang_after_request});
    MoaiProcess worker(server("work", database.url(), {"--drain-timeout", "60s"}));
    const std::string event = publish(sql);
    ASSERT_TRUE(receiver.wait_for(1, 20s));
    worker.send(SIGTERM);
    worker.await("draining");
    worker.send(SIGTERM);
    EXPECT_EQ(worker.wait(20s), static_cast<int>(config::ExitCode::drain_incomplete));
    EXPECT_EQ(state_of(sql, event), "delivering");

    receiver.on("/", Answer{.status = 200});
    sql.script("UPDATE moai_private.delivery SET due_at = now()");  // time travel to the lease's end
    MoaiProcess next(server("work", database.url()));
    ASSERT_TRUE(eventually([&] { return state_of(sql, event) == "delivered"; }));
}

TEST_F(Shutdown, ADrainReleasesWhatWasClaimedButNotStarted) {
    static_cast<void>(subscribe(sql, receiver.url()));
    MoaiProcess worker(server("work", database.url(), {"--worker-name", "w"}));
    // Asleep: it has learnt what is parked, and will say nothing but claims.
    ASSERT_EQ(sleeping_sentinel(sql), "w");
    // The claim is held up in the database, by a lock on the queue, until the worker drains.
    pg::Connection blocker(database.admin_url(), "blocker");
    blocker.script("BEGIN; LOCK TABLE moai_private.delivery IN ACCESS EXCLUSIVE MODE");
    // Due a little earlier: any claim that waits behind the lock takes it, wherever it begins (worker/low_water.hpp).
    const std::string claimed =
        value(blocker,
              "SELECT id FROM moai_private.insert_event('a', '{}', NULL, 'default', '24:00', clock_timestamp() - "
              "interval '0.9 s')");
    const std::string place = value(blocker, "SELECT ctid FROM moai_private.delivery");
    sql.script("NOTIFY moai_wake");
    ASSERT_TRUE(eventually([&] {
        return value(sql,
                     "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'moai claims w' AND "
                     "wait_event_type = 'Lock' AND query LIKE '%claim_deliveries%'") == "1";
    }));
    worker.send(SIGTERM);
    worker.await("draining");
    blocker.script("COMMIT");
    EXPECT_EQ(worker.wait(20s), 0) << worker.err();
    EXPECT_EQ(receiver.count(), 0U) << "started while draining";
    EXPECT_NE(value(sql, "SELECT ctid FROM moai_private.delivery"), place) << "it was not claimed: nothing is tested";
    EXPECT_EQ(state_of(sql, claimed), "pending") << "given back, not left to its lease";
    EXPECT_EQ(value(sql, "SELECT due_at <= clock_timestamp() FROM moai.delivery WHERE event_id = $1", {claimed}), "t");
    EXPECT_TRUE(attempts_of(sql, claimed).empty());

    MoaiProcess next(server("work", database.url()));
    ASSERT_TRUE(receiver.wait_for(1, 10s));
    EXPECT_EQ(receiver.requests().front().header("moai-attempt"), "1");
}

}  // namespace
}  // namespace moai::test
