// Somebody's open transaction holds rows of the queue: only what belongs to these rows waits.
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

struct LockedRows : ::testing::Test {
    TestDatabase database{own_cluster().url()};
    FakeReceiver held, open;
    pg::Connection sql{database.admin_url(), "test"}, operators{database.admin_url(), "operator"};

    std::string delivered_to(const std::string& subscription) {
        return value(sql, "SELECT count(*) FROM moai.delivery WHERE subscription_id = $1 AND state = 'delivered'",
                     {subscription});
    }
};

TEST_F(LockedRows, OneSubscriptionsLockedDeliveriesHoldUpNobodyElsesResultsAndAreRecordedAfterwards) {
    held.on("/", Answer{.held = true});
    const auto slow = subscribe(sql, held.url());
    const auto other = subscribe(sql, open.url());
    MoaiProcess worker(server("work", database.url()));
    worker.await("worker listening");
    for (int i = 0; i < 5; ++i) {
        publish(sql);
    }
    ASSERT_TRUE(held.wait_for(5, 20s));
    operators.script("BEGIN");
    ASSERT_EQ(
        operators.query("SELECT 1 FROM moai_private.delivery WHERE subscription_id = $1 FOR UPDATE", {slow.id}).rows(),
        5);

    // The results of the locked ones come among those of the others.
    held.release();
    for (int i = 6; i <= 15; ++i) {
        publish(sql);
        ASSERT_TRUE(eventually([&] { return delivered_to(other.id) == std::to_string(i); }, 10s)) << i << "\n"
                                                                                                  << worker.err();
    }
    worker.await("lock timeout");
    for (int i = 16; i <= 20; ++i) {
        publish(sql);
    }
    ASSERT_TRUE(eventually([&] { return delivered_to(other.id) == "20"; }, 10s)) << worker.err();
    ASSERT_TRUE(eventually([&] { return delivered_to(slow.id) == "15"; }, 15s)) << worker.err();
    EXPECT_EQ(number(sql, "SELECT count(*) FROM moai_private.delivery"), 5) << "the locked ones wait";

    operators.script("ROLLBACK");
    ASSERT_TRUE(eventually([&] { return delivered_to(slow.id) == "20"; }, 15s)) << worker.err();
    EXPECT_EQ(held.distinct_deliveries(), held.count()) << "their results were kept: none was sent again";
}

}  // namespace
}  // namespace moai::test
