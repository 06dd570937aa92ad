// A delivery that kills its workers ends as a dead letter.
#include <gtest/gtest.h>

#include <csignal>

#include "support/eventually.hpp"
#include "support/fake_receiver.hpp"
#include "support/moai_process.hpp"
#include "support/moai_sql.hpp"
#include "support/own_cluster.hpp"
#include "support/test_database.hpp"

namespace moai::test {
namespace {

using namespace std::chrono_literals;

struct CrashLoop : ::testing::Test {
    TestDatabase database{own_cluster().url()};
    FakeReceiver receiver;
    pg::Connection sql{database.admin_url(), "test"};

    /// Time travel: every lease ends now, for workers that sleep too. Not before the last session of the dead has gone:
    /// a claim that it had sent would take the delivery once more, for nobody.
    void end_leases() {
        ASSERT_TRUE(eventually([this] {
            return value(sql,
                         "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'moai %' AND datname = "
                         "current_database()") == "0";
        }));
        sql.script("UPDATE moai_private.delivery SET due_at = now(); NOTIFY moai_wake");
    }
};

TEST_F(CrashLoop, FiveDeadClaimersInARowAreADeadLetter) {
    static_cast<void>(subscribe(sql, receiver.url()));
    receiver.on("/", Answer{.behaviour = Answer::Behaviour::hang_after_request});
    const std::string event = publish(sql);
    for (std::size_t death = 1; death <= 5; ++death) {
        MoaiProcess worker(server("work", database.url()));
        ASSERT_TRUE(receiver.wait_for(death, 20s)) << worker.err();
        worker.send(SIGKILL);
        ASSERT_EQ(worker.wait(), 128 + SIGKILL);
        EXPECT_EQ(state_of(sql, event), "delivering");
        end_leases();
    }
    MoaiProcess sixth(server("work", database.url()));
    ASSERT_TRUE(eventually([&] { return state_of(sql, event) == "dead"; })) << sixth.err();
    EXPECT_EQ(value(sql, "SELECT reason FROM moai.dead_letter WHERE event_id = $1", {event}), "crash_loop");
    EXPECT_EQ(value(sql, "SELECT reason FROM moai.delivery WHERE event_id = $1", {event}), "crash_loop");

    // It is not sent by itself again: a later event goes by, and it is still where it was.
    receiver.on("/", Answer{.status = 200});
    const std::string later = publish(sql);
    ASSERT_TRUE(eventually([&] { return state_of(sql, later) == "delivered"; }));
    EXPECT_EQ(receiver.count(), 6U);
    EXPECT_EQ(state_of(sql, event), "dead");

    EXPECT_EQ(value(sql, "SELECT moai.redrive_dead_letters()"), "1");
    ASSERT_TRUE(eventually([&] { return state_of(sql, event) == "delivered"; })) << "people may try it again";
}

TEST_F(CrashLoop, ARecordedResultStartsTheCountAnew) {
    static_cast<void>(subscribe(sql, receiver.url(), "retry_base => '100 ms', retry_jitter => 0"));
    const std::string event = publish(sql);
    const auto claim_and_die = [&] {
        ASSERT_EQ(value(sql, "SELECT event_id FROM moai.claim_deliveries('dies', 1)"), event);
        sql.script("UPDATE moai_private.delivery SET due_at = now()");
    };
    for (int lapse = 1; lapse <= 4; ++lapse) {
        claim_and_die();
    }
    receiver.on("/", Answer{.status = 500});
    {
        MoaiProcess worker(server("work", database.url()));
        ASSERT_TRUE(eventually([&] { return attempts_of(sql, event).size() == 1; })) << worker.err();
        worker.send(SIGTERM);
        ASSERT_EQ(worker.wait(), 0);
    }
    sql.script("UPDATE moai_private.delivery SET due_at = now()");
    for (int lapse = 1; lapse <= 4; ++lapse) {
        claim_and_die();
    }
    receiver.on("/", Answer{.status = 200});
    MoaiProcess worker(server("work", database.url()));
    ASSERT_TRUE(eventually([&] { return state_of(sql, event) == "delivered"; })) << worker.err();
}

}  // namespace
}  // namespace moai::test
