// Sessions of a worker that the server ends: each comes back, and nothing waits for the safety look.
#include <gtest/gtest.h>

#include <set>

#include "support/eventually.hpp"
#include "support/fake_receiver.hpp"
#include "support/moai_process.hpp"
#include "support/moai_sql.hpp"
#include "support/own_cluster.hpp"
#include "support/test_database.hpp"

namespace moai::test {
namespace {

using namespace std::chrono_literals;

struct WorkerSessions : ::testing::Test {
    TestDatabase database{own_cluster().url()};
    FakeReceiver receiver;
    pg::Connection sql{database.admin_url(), "test"};
    // A safety look within the test would hide a session that is deaf.
    MoaiProcess worker{server("work", database.url(), {"--worker-name", "w", "--safety-interval", "1h"})};

    std::string sessions(const std::string& name) {
        return value(sql, "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1", {name});
    }
    [[nodiscard]] bool delivers(const std::string& event) {
        return eventually([&] { return state_of(sql, event) == "delivered"; }, 5s);
    }
};

struct SessionLost : WorkerSessions, ::testing::WithParamInterface<const char*> {};

TEST_P(SessionLost, TheNextEventArrivesWithinASecondOfTheReconnect) {
    const std::string session = std::string("moai ") + GetParam() + " w";
    static_cast<void>(subscribe(sql, receiver.url()));
    worker.await("worker listening");
    ASSERT_TRUE(delivers(publish(sql)));

    for (int time = 1; time <= 3; ++time) {
        ASSERT_EQ(own_cluster().terminate_backends(session), 1) << session;
        const auto published_meanwhile = publish(sql);
        ASSERT_TRUE(eventually([&] { return sessions(session) == "1"; }, 10s)) << worker.err();
        const auto back = std::chrono::steady_clock::now();
        const auto published_after = publish(sql);
        const std::set<std::string> wanted{published_meanwhile, published_after};
        ASSERT_TRUE(eventually([&] {
            std::set<std::string> arrived;
            for (const auto& request : receiver.requests()) {
                arrived.insert(request.header("webhook-id"));
            }
            return arrived.contains(published_meanwhile) && arrived.contains(published_after);
        })) << worker.err();
        for (const auto& request : receiver.requests()) {
            if (wanted.contains(request.header("webhook-id"))) {
                EXPECT_LT(request.arrived_at - back, 1s);
            }
        }
        ASSERT_TRUE(delivers(published_meanwhile)) << "its result was not recorded";
        ASSERT_TRUE(delivers(published_after));
        EXPECT_EQ(receiver.distinct_deliveries(), receiver.count()) << "no duplicates";
    }
}

INSTANTIATE_TEST_SUITE_P(Each, SessionLost, ::testing::Values("worker", "claims", "results", "sentinel"),
                         [](const auto& purpose) { return std::string(purpose.param); });

TEST_F(WorkerSessions, ResultsOfRequestsInFlightAreRecordedByTheNextSession) {
    static_cast<void>(subscribe(sql, receiver.url()));
    receiver.on("/", Answer{.held = true});
    worker.await("worker listening");
    const std::string event = publish(sql);
    ASSERT_TRUE(receiver.wait_for(1, 20s));
    for (const char* session : {"moai results w", "moai claims w", "moai worker w"}) {
        ASSERT_EQ(own_cluster().terminate_backends(session), 1) << session;
    }
    receiver.release();
    ASSERT_TRUE(delivers(event)) << worker.err();
    EXPECT_EQ(receiver.count(), 1U);
}

}  // namespace
}  // namespace moai::test
