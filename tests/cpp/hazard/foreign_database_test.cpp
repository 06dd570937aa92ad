// Databases that moai must not serve: every server command says why and ends. (Other refusals:
// integration/cli_start_test.)
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/exit_code.hpp"
#include "support/moai_process.hpp"
#include "support/moai_sql.hpp"
#include "support/test_cluster.hpp"

namespace moai::test {
namespace {

using ::testing::HasSubstr;

TEST(ForeignDatabase, AnSqlAsciiOneIsRefusedByNameByEveryServer) {
    TestCluster cluster({.encoding = "SQL_ASCII"});
    for (const char* command : {"run", "serve", "work"}) {
        const Finished refused = run_moai(server(command, cluster.url()));
        EXPECT_EQ(refused.code, static_cast<int>(config::ExitCode::database_refused)) << command << refused.err;
        EXPECT_THAT(refused.err, HasSubstr("SQL_ASCII")) << command;
    }
    pg::Connection sql(cluster.url(), "test");
    EXPECT_EQ(value(sql, "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'moai%'"), "0")
        << "nothing was installed";
}

TEST(ForeignDatabase, OneClosedToTheLoginIsNamed) {
    TestCluster cluster;
    pg::Connection sql(cluster.url(), "test");
    for (const char* statement :
         {"CREATE ROLE stranger LOGIN", "CREATE DATABASE closed", "REVOKE CONNECT ON DATABASE closed FROM PUBLIC"}) {
        sql.script(statement);
    }
    const Finished refused = run_moai(server("serve", cluster.url("closed", "stranger")));
    EXPECT_NE(refused.code, 0);
    EXPECT_THAT(refused.err, HasSubstr("closed"));
    EXPECT_THAT(refused.err, HasSubstr("CONNECT"));
}

}  // namespace
}  // namespace moai::test
