// An idle moai runs no queries but its safety looks, and holds no old snapshot.
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <set>

#include "support/doorbell_sql.hpp"
#include "support/eventually.hpp"
#include "support/fake_receiver.hpp"
#include "support/moai_process.hpp"
#include "support/moai_sql.hpp"
#include "support/rest_client.hpp"
#include "support/test_cluster.hpp"
#include "support/test_database.hpp"

namespace moai::test {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

// A minute at the default --safety-interval. Only counts and what lasts for seconds are measured, so that others may
// run beside it.
constexpr std::int64_t kIntervals = 2;
constexpr auto kInterval = 30s;

const char* const kClaims =
    "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements WHERE query LIKE '%moai.claim_deliveries(%'"
    " AND toplevel";

TEST(Idle, OnlySafetyLooksRunAndNoSnapshotIsHeld) {
    TestCluster cluster;  // its own: statements are counted over a whole server
    TestDatabase database(cluster.url());
    FakeReceiver receiver;
    pg::Connection admin(database.admin_url(), "test");
    admin.script("CREATE EXTENSION pg_stat_statements");
    MoaiProcess moai(server("run", database.url(), {"--worker-name", "w"}));
    RestClient api(api_port(moai));
    moai.await("worker listening");
    static_cast<void>(subscribe(admin, receiver.url()));

    // Activity first, over SQL and REST: what it leaves behind must not keep anything awake.
    for (int i = 0; i < 10; ++i) {
        publish(admin);
        ASSERT_EQ(api.post("/events", R"({"type":"a","payload":{}})").status, 202);
    }
    ASSERT_TRUE(receiver.wait_for(20, 20s));
    ASSERT_TRUE(eventually(
        [&] { return value(admin, "SELECT count(*) FROM moai.delivery WHERE state <> 'delivered'") == "0"; }));

    ASSERT_TRUE(has_learned(admin, "w"));
    // The window begins right after a look, so that the next ones are whole intervals away.
    const auto looks = [&] { return number(admin, kClaims); };
    const auto next_look = [&] {
        const std::int64_t before = looks();
        return eventually([&] { return looks() > before; }, 2 * kInterval);
    };
    ASSERT_TRUE(next_look());
    admin.script("SELECT pg_stat_statements_reset()");
    const auto start = SteadyClock::now();

    std::string oldest_snapshot;
    ASSERT_TRUE(eventually(
        [&] {
            const std::string held = value(admin,
                                           "SELECT coalesce(max(clock_timestamp() - coalesce(xact_start, "
                                           "query_start)), '0')::text FROM pg_stat_activity"
                                           " WHERE application_name LIKE 'moai %' AND backend_xmin IS NOT NULL");
            oldest_snapshot = std::max(oldest_snapshot, held);
            return SteadyClock::now() - start >= kIntervals * kInterval + 5s;
        },
        3 * kInterval));

    const pg::Result statements = admin.query(
        "SELECT s.calls, s.query FROM pg_stat_statements AS s JOIN pg_database AS d ON d.oid = s.dbid"
        " WHERE d.datname = current_database() AND s.toplevel AND s.userid = 'moai_test'::regrole");
    std::int64_t claims = 0;
    for (int row = 0; row < statements.rows(); ++row) {
        EXPECT_EQ(statements.text(row, 1), "SELECT * FROM moai.claim_deliveries($1, $2, $3, $4, $5, $6)")
            << "an idle moai ran this";
        claims += std::stoll(std::string(statements.text(row, 0)));
    }
    EXPECT_GE(claims, kIntervals - 1);
    EXPECT_LE(claims, kIntervals + 1);
    EXPECT_LT(oldest_snapshot, "00:00:05") << "a moai backend held a snapshot";
    EXPECT_NE(api.request("GET", "/metrics").body.find("moai_safety_look_catches_total 0"), std::string::npos);
}

TEST(Idle, NoProcessAsksMoreThanOnceInASafetyInterval) {
    constexpr std::int64_t kIntervalMs = 7'000;
    const TestDatabase database;
    pg::Connection admin(database.admin_url(), "test");
    MoaiProcess api(server("serve", database.url()));
    const auto start_worker = [&](const std::string& name) {
        return std::make_unique<MoaiProcess>(
            server("work", database.url(), {"--worker-name", name, "--safety-interval", "7s"}));
    };
    static_cast<void>(api_port(api));
    const auto sleeper = start_worker("sleeper");
    ASSERT_EQ(sleeping_sentinel(admin), "sleeper");
    const auto waiter = start_worker("waiter");
    ASSERT_TRUE(waits_for_office(admin, "waiter"));
    ASSERT_TRUE(has_learned(admin, "sleeper"));

    const auto asked = [&] {
        return number(
            admin,
            "SELECT coalesce(sum(s.calls), 0) FROM pg_stat_statements AS s JOIN pg_database AS d ON d.oid = s.dbid"
            " WHERE d.datname = current_database() AND s.toplevel AND s.userid = 'moai_test'::regrole");
    };
    admin.script("CREATE EXTENSION pg_stat_statements");
    const std::int64_t asked_before = asked();

    // When each process began a statement, in ms by the server's clock.
    const std::string now_ms = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";
    const std::string start = value(admin, now_ms);
    std::map<std::string, std::set<std::int64_t>> begun;
    ASSERT_TRUE(eventually([&] {
        const pg::Result sessions = admin.query(
            "SELECT CASE WHEN split_part(a.application_name, ' ', 2) IN ('api', 'watch') THEN 'api'"
            " ELSE split_part(a.application_name, ' ', 3) END, s.ms"
            " FROM pg_stat_activity AS a, LATERAL (SELECT (extract(epoch FROM a.query_start) * 1000)::bigint) AS s(ms)"
            " WHERE a.datname = current_database() AND a.application_name LIKE 'moai %' AND s.ms >= $1",
            {start});
        for (int row = 0; row < sessions.rows(); ++row) {
            begun[std::string(sessions.text(row, 0))].insert(std::stoll(std::string(sessions.text(row, 1))));
        }
        return number(admin, now_ms) - std::stoll(start) >= 3 * kIntervalMs;
    }));

    EXPECT_EQ(begun["api"].size(), 0U);
    std::int64_t all_looks = 0;
    for (const char* const worker : {"sleeper", "waiter"}) {
        std::optional<std::int64_t> last;
        int looks = 0;
        for (const auto at : begun[worker]) {
            // Parse, Bind and Execute of one statement each set the time anew.
            if (!last || at - *last > 100) {
                EXPECT_GE(at - last.value_or(0), kIntervalMs - 10) << worker;
                ++looks;
            }
            last = at;
        }
        EXPECT_GE(looks, 2) << worker;
        all_looks += looks;
    }
    // What followed a look within 100 ms would be counted here; a wait counts when it ends.
    EXPECT_LE(asked() - asked_before, all_looks + 2);
}

}  // namespace
}  // namespace moai::test
