// A worker that freezes past its lease: another delivers, and the late result changes nothing.
#include <gmock/gmock.h>
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

struct LateResult : ::testing::TestWithParam<int> {
    TestDatabase database{own_cluster().url()};
    FakeReceiver receiver;
    pg::Connection sql{database.admin_url(), "test"};
};

TEST_P(LateResult, OfALostLeaseIsAnOrphanAttemptAndChangesNoState) {
    // The frozen one's request is answered while it cannot hear: its answer waits in the socket.
    static_cast<void>(subscribe(sql, receiver.url(), "timeout => '2 s', max_attempts => 1"));
    receiver.on("/", [status = GetParam()](const ReceivedRequest&, std::size_t nth) {
        return nth == 1 ? Answer{.status = status, .held = true} : Answer{.status = 200};
    });
    MoaiProcess frozen(server("work", database.url(), {"--worker-name", "frozen"}));
    frozen.await("worker listening");
    const std::string event = publish(sql);
    ASSERT_TRUE(receiver.wait_for(1, 20s));
    frozen.send(SIGSTOP);
    receiver.release();

    // Time travel: the lease, 15 s long, ends now.
    sql.script("UPDATE moai_private.delivery SET due_at = now()");
    MoaiProcess other(server("work", database.url(), {"--worker-name", "other"}));
    ASSERT_TRUE(eventually([&] { return state_of(sql, event) == "delivered"; }));
    ASSERT_EQ(receiver.count(), 2U);
    const std::string before = value(sql, "SELECT row_to_json(d)::text FROM moai.delivery AS d");

    frozen.send(SIGCONT);
    ASSERT_TRUE(eventually([&] { return attempts_of(sql, event).size() == 2; }, 20s)) << frozen.err();
    frozen.await("results came after their lease was lost");
    const auto attempts = attempts_of(sql, event);
    const LoggedAttempt& late = attempts[0];
    EXPECT_EQ(late.worker, "frozen");
    EXPECT_TRUE(late.is_orphan);
    EXPECT_EQ(late.terminal_state, "");
    EXPECT_EQ(late.next_due_at_us, 0);
    EXPECT_EQ(late.number, 1) << "the number it was sent with";
    EXPECT_EQ(attempts[1].worker, "other");
    EXPECT_FALSE(attempts[1].is_orphan);
    EXPECT_EQ(attempts[1].number, 1) << "numbers count what was recorded";
    EXPECT_EQ(value(sql, "SELECT row_to_json(d)::text FROM moai.delivery AS d"), before);
    EXPECT_EQ(value(sql, "SELECT count(*) FROM moai.dead_letter"), "0");

    // The one that was frozen works on.
    other.send(SIGTERM);
    ASSERT_EQ(other.wait(), 0);
    const std::string next = publish(sql);
    ASSERT_TRUE(eventually([&] { return state_of(sql, next) == "delivered"; }));
    EXPECT_EQ(attempts_of(sql, next).front().worker, "frozen");
}

INSTANTIATE_TEST_SUITE_P(Status, LateResult, ::testing::Values(200, 500), ::testing::PrintToStringParamName());

}  // namespace
}  // namespace moai::test
