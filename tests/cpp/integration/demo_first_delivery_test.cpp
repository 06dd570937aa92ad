// `moai run --demo`: the first delivery is seen, and what it tells people to type works as it stands.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <sstream>

#include "config/exit_code.hpp"
#include "pg/connection.hpp"
#include "support/moai_process.hpp"
#include "support/test_database.hpp"

namespace moai {
namespace {

using test::MoaiProcess;
using ::testing::HasSubstr;

/// Runs a line in a shell, as somebody who pasted it.
std::string pasted(const std::string& line) {
    FILE* pipe = ::popen((line + " 2>&1").c_str(), "r");
    std::string output;
    char buffer[4096];
    for (std::size_t size = 0; (size = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) {
        output.append(buffer, size);
    }
    EXPECT_EQ(::pclose(pipe), 0) << line << "\n" << output;
    return output;
}

class Demo : public ::testing::Test {
protected:
    Demo() {
        std::string name = "/tmp/moai-t-XXXXXX";
        folder_ = ::mkdtemp(name.data());
    }
    ~Demo() override { std::filesystem::remove_all(folder_); }
    [[nodiscard]] std::vector<std::string> arguments() const {
        return {"run", "--demo", "--listen", "127.0.0.1:0", "--database-url", database_.url()};
    }
    [[nodiscard]] std::vector<std::string> without_demo() const {
        return {"run", "--listen", "127.0.0.1:0", "--database-url", database_.url()};
    }
    [[nodiscard]] MoaiProcess::Variables variables() const {
        return {{"MOAI_DATA_DIR", folder_}, {"MOAI_EGRESS_ALLOW", ""}};
    }
    [[nodiscard]] std::string subscription(const std::string& column) const {
        return std::string(pg::Connection(database_.admin_url(), "test")
                               .query("SELECT " + column + " FROM moai.subscription")
                               .text(0, 0));
    }

    test::TestDatabase database_;
    std::string folder_;
};

TEST_F(Demo, ShowsAVerifiedDeliveryAndLinesThatWorkAsTheyStand) {
    MoaiProcess run(arguments(), variables());
    run.await("verified  user\\.created .*\n.*\"data\":\\{\"userId\": \"demo\"\\}");
    const std::string curl = run.await("\n(curl -X POST [^\n]+)");
    EXPECT_THAT(pasted(curl), HasSubstr("\"id\""));
    run.await("verified  user\\.created .*\n.*\"data\":\\{\"userId\": \"123\"\\}");
    const std::string rolled_back = run.await("\n(psql [^\n]+ROLLBACK\")");
    const std::string committed = run.await("\n(psql [^\n]+COMMIT\")");
    pasted(rolled_back);
    pasted(committed);
    run.await("verified  user\\.updated ");
    EXPECT_EQ(run.out().find("verified  user.deleted"), std::string::npos);
    EXPECT_THAT(pasted(run.await("\n(curl [^\n]+/deliveries)")), HasSubstr("\"items\""));
    run.send(SIGINT);
    EXPECT_EQ(run.wait(), 0) << run.err();
}

TEST_F(Demo, KeepsItsSubscriptionOverARestart) {
    for (int start = 0; start < 2; ++start) {
        MoaiProcess run(arguments(), variables());
        run.await("verified  user\\.created ");
        run.send(SIGTERM);
        ASSERT_EQ(run.wait(), 0) << run.err();
    }
    EXPECT_EQ(pg::Connection(database_.admin_url(), "test").query("SELECT count(*) FROM moai.subscription").text(0, 0),
              "1");
}

TEST_F(Demo, PausesItsSubscriptionWhileNobodyListens) {
    MoaiProcess run(arguments(), variables());
    run.await("verified  user\\.created ");
    EXPECT_EQ(subscription("state"), "active");
    run.send(SIGTERM);
    ASSERT_EQ(run.wait(), 0) << run.err();
    EXPECT_EQ(subscription("state"), "paused");
    MoaiProcess again(arguments(), variables());
    again.await("verified  user\\.created ");
    EXPECT_EQ(subscription("state"), "active");
}

TEST_F(Demo, LeavesItsSubscriptionToTheNextRunWhenKilled) {
    {
        MoaiProcess run(arguments(), variables());
        run.await("verified  user\\.created ");
        MoaiProcess beside(without_demo(), variables());
        beside.await("API listening");
        EXPECT_EQ(subscription("state"), "active") << "taken from a demo that runs";
        run.send(SIGKILL);
        run.wait();
    }
    EXPECT_EQ(subscription("state"), "active");
    MoaiProcess next(without_demo(), variables());
    next.await("API listening");
    EXPECT_EQ(subscription("state"), "paused");
}

TEST_F(Demo, RefusesASecondOneWithTheSameFolder) {
    MoaiProcess run(arguments(), variables());
    run.await("verified  user\\.created ");
    const test::Finished second = test::run_moai(arguments(), variables());
    EXPECT_EQ(second.code, static_cast<int>(config::ExitCode::configuration));
    EXPECT_THAT(second.err, HasSubstr("another moai shows its demo"));
}

TEST_F(Demo, MakesANewSubscriptionWhenTheSecretIsLost) {
    for (int start = 0; start < 2; ++start) {
        MoaiProcess run(arguments(), variables());
        run.await("verified  user\\.created ");
        run.send(SIGTERM);
        ASSERT_EQ(run.wait(), 0) << run.err();
        std::filesystem::remove(folder_ + "/demo.json");
    }
    EXPECT_EQ(pg::Connection(database_.admin_url(), "test")
                  .query("SELECT count(*) FROM moai.subscription WHERE state <> 'deleted'")
                  .text(0, 0),
              "1");
}

}  // namespace
}  // namespace moai
