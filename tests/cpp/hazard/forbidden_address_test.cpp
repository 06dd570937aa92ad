// Somebody subscribes an address that only this machine or its network can reach.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/eventually.hpp"
#include "support/fake_receiver.hpp"
#include "support/moai_process.hpp"
#include "support/moai_sql.hpp"
#include "support/test_database.hpp"

namespace moai::test {
namespace {

using ::testing::HasSubstr;

struct ForbiddenAddress : ::testing::Test {
    TestDatabase database;
    FakeReceiver receiver;
    pg::Connection sql{database.admin_url(), "test"};

    [[nodiscard]] std::string attempt(const std::string& column, const std::string& subscription) {
        std::string told;
        EXPECT_TRUE(eventually([&] {
            const auto row =
                sql.query("SELECT " + column + " FROM moai.attempt WHERE subscription_id = $1", {subscription});
            told = row.rows() > 0 ? row.text(0, 0) : "";
            return row.rows() > 0;
        }));
        return told;
    }
};

TEST_F(ForbiddenAddress, HearsNothingAndTheAttemptSaysWhy) {
    const MoaiProcess worker(server("work", database.url()), {{"MOAI_EGRESS_ALLOW", ""}});
    const std::string direct = subscribe(sql, receiver.url(), "max_attempts => 1").id;
    const std::string by_name =
        subscribe(sql, "http://localhost:" + std::to_string(receiver.port()) + "/", "max_attempts => 1").id;
    const std::string metadata = subscribe(sql, "http://169.254.169.254/latest/meta-data/", "max_attempts => 1").id;
    publish(sql);
    for (const std::string& subscription : {direct, by_name, metadata}) {
        EXPECT_EQ(attempt("error_class || ' ' || terminal_state", subscription), "blocked dead");
    }
    EXPECT_EQ(attempt("error_detail", direct),
              "refused by the egress policy: loopback (127.0.0.0/8); --egress-allow opens it");
    EXPECT_THAT(attempt("error_detail", metadata), HasSubstr("--egress-allow-metadata"));
    EXPECT_EQ(receiver.connections_accepted(), 0U);
}

TEST_F(ForbiddenAddress, IsServedByAWorkerThatAllowsIt) {
    const MoaiProcess worker(server("work", database.url(), {"--egress-allow", "127.0.0.1,10.0.0.0/8"}),
                             {{"MOAI_EGRESS_ALLOW", ""}});
    static_cast<void>(subscribe(sql, receiver.url()));
    publish(sql);
    EXPECT_TRUE(receiver.wait_for(1, std::chrono::seconds(20)));
}

TEST_F(ForbiddenAddress, ThatIsDeniedHearsNothingThoughItIsAllowed) {
    const MoaiProcess worker(
        server("work", database.url(), {"--egress-allow", "127.0.0.1", "--egress-deny", "127.0.0.1"}),
        {{"MOAI_EGRESS_ALLOW", ""}});
    const std::string denied = subscribe(sql, receiver.url(), "max_attempts => 1").id;
    publish(sql);
    EXPECT_EQ(attempt("error_detail", denied), "refused by the egress policy: --egress-deny names it");
    EXPECT_EQ(receiver.connections_accepted(), 0U);
}

TEST_F(ForbiddenAddress, ThatIsNotAmongTheOnlyOnesAllowedHearsNothing) {
    MoaiProcess worker(server("work", database.url(), {"--egress-allow", "10.0.0.0/8", "--egress-allow-only"}),
                       {{"MOAI_EGRESS_ALLOW", ""}});
    worker.await("egress_default=none egress_allow=10.0.0.0/8 egress_deny=none");
    const std::string other = subscribe(sql, receiver.url(), "max_attempts => 1").id;
    publish(sql);
    EXPECT_THAT(attempt("error_detail", other), HasSubstr("--egress-allow-only"));
    EXPECT_EQ(receiver.connections_accepted(), 0U);
}

TEST_F(ForbiddenAddress, ANetworkThatIsNoneIsRefusedAtTheStart) {
    const Finished work = run_moai(server("work", database.url(), {"--egress-allow", "10.0.0.1/8"}));
    EXPECT_EQ(work.code, 78);
    EXPECT_THAT(work.err, HasSubstr("--egress-allow"));
    EXPECT_THAT(work.err, HasSubstr("10.0.0.1/8"));
}

}  // namespace
}  // namespace moai::test
