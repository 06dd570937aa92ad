// Receivers that hang, and receivers beside them, through the running program.
#include <gtest/gtest.h>

#include "support/eventually.hpp"
#include "support/fake_receiver.hpp"
#include "support/moai_process.hpp"
#include "support/moai_sql.hpp"
#include "support/test_database.hpp"

namespace moai::test {
namespace {

using namespace std::chrono_literals;

struct SlowReceivers : ::testing::Test {
    TestDatabase database;
    FakeReceiver hanging, good;
    pg::Connection sql{database.url(), "test"};
};

TEST_F(SlowReceivers, HoldingMoreThanHalfOfTheSlotsKeepNoneOfTheOthersIdle) {
    hanging.on("/", Answer{.behaviour = Answer::Behaviour::hang_after_request});
    constexpr std::size_t kHeld = std::size_t{20} * 16;  // of 512: each endpoint that does not answer holds 16
    for (int i = 0; i < 20; ++i) {
        static_cast<void>(subscribe(sql, hanging.url(), "timeout => '30 s', max_attempts => 1"));
    }
    static_cast<void>(subscribe(sql, good.url()));
    sql.script("SELECT count(moai.publish('a', '{}')) FROM generate_series(1, 300)");

    MoaiProcess worker(server("work", database.url()));
    ASSERT_TRUE(good.wait_for(300, 15s)) << good.count() << " arrived, " << hanging.count() << " hang";
    EXPECT_TRUE(hanging.wait_for(kHeld, 15s)) << hanging.count();
    EXPECT_EQ(value(sql, "SELECT count(*) FROM moai.delivery WHERE state = 'dead'"), "0") << "none has timed out yet";
}

TEST_F(SlowReceivers, APausedBacklogLargerThanAClaimDelaysNobodyBehindIt) {
    const auto paused = subscribe(sql, hanging.url());
    sql.script("SELECT count(moai.publish('a', '{}')) FROM generate_series(1, 2000)");
    sql.query("SELECT moai.pause_subscription($1)", {paused.id});
    // As it was before anybody parked anything: due, and first in the queue.
    sql.script("UPDATE moai_private.delivery SET due_at = now() - interval '1 hour'");
    static_cast<void>(subscribe(sql, good.url()));
    publish(sql);
    MoaiProcess worker(server("work", database.url()));
    worker.await("worker listening");
    ASSERT_TRUE(good.wait_for(1, 3s));
    EXPECT_EQ(hanging.count(), 0U);
}

}  // namespace
}  // namespace moai::test
