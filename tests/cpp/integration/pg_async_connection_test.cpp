// pg::AsyncConnection against a real server: statements, notifications, and every way to lose the connection.
#include "pg/async_connection.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <optional>

#include "pg/connection.hpp"
#include "support/loopback_listener.hpp"
#include "support/run_until.hpp"
#include "support/test_cluster.hpp"
#include "support/test_database.hpp"

namespace moai::pg {
namespace {

using ::testing::HasSubstr;
using Clock = std::chrono::steady_clock;

class AsyncConnectionTest : public ::testing::Test {
protected:
    test::TestDatabase database_{test::TestDatabase::Content::empty};
    base::EventLoop loop_;
    int ready_ = 0;
    std::vector<std::string> lost_, notified_;
    test::LoopbackListener silent_;  // takes connections and says nothing

    AsyncConnection::Callbacks callbacks() {
        return {[this] {
                    ++ready_;
                    loop_.stop();
                },
                [this](const Error& error) {
                    lost_.emplace_back(error.what());
                    loop_.stop();
                },
                [this](const Notification& notification) {
                    notified_.push_back(notification.channel + notification.payload);
                    loop_.stop();
                }};
    }

    [[nodiscard]] AsyncConnection::Options impatient() const {
        return {.database_url = database_.url(),
                .application_name = "moai async",
                .session_setup = {},
                .statement_deadline = std::chrono::milliseconds(300)};
    }

    std::unique_ptr<AsyncConnection> started(std::vector<std::string> setup = {}, const std::string& url = {}) {
        auto connection = std::make_unique<AsyncConnection>(
            loop_, AsyncConnection::Options{url.empty() ? database_.url() : url, "moai async", std::move(setup)},
            callbacks());
        connection->start();
        return connection;
    }

    bool until_ready(int times = 1) {
        return test::run_until(loop_, [this, times] { return ready_ >= times; });
    }

    struct Answer {
        Result rows;
        std::optional<Error> error;
    };
    Answer ask(AsyncConnection& connection, const std::string& sql, const std::vector<Param>& params = {}) {
        std::optional<Answer> answer;
        connection.send(sql, params, [&](const Result& rows, const Error* error) {
            answer.emplace(Answer{rows, error == nullptr ? std::nullopt : std::optional(*error)});
            loop_.stop();
        });
        EXPECT_FALSE(answer) << "answered within the call";
        EXPECT_FALSE(connection.ready());
        EXPECT_TRUE(test::run_until(loop_, [&] { return answer.has_value(); }));
        return answer.value_or(Answer{{}, Error("none", "no answer came")});
    }

    /// Returns when the server has let go of the session.
    void terminate() const {
        Connection admin(database_.admin_url(), "admin");
        ASSERT_EQ(admin
                      .query("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
                             " WHERE application_name = 'moai async' AND datname = current_database()")
                      .rows(),
                  1);
    }
    void notify() const { Connection(database_.url(), "admin").script("NOTIFY moai_wake"); }
};

TEST_F(AsyncConnectionTest, AnswersAStatement) {
    const auto connection = started();
    EXPECT_FALSE(connection->ready());
    ASSERT_TRUE(until_ready());
    EXPECT_TRUE(connection->ready());
    const Answer answer = ask(*connection, "SELECT $1::text || 'b', $2::text IS NULL", {"a", std::nullopt});
    ASSERT_FALSE(answer.error) << answer.error->what();
    EXPECT_EQ(answer.rows.text(0, 0), "ab");
    EXPECT_EQ(answer.rows.text(0, 1), "t");
    EXPECT_TRUE(connection->ready());
}

TEST_F(AsyncConnectionTest, ReportsTheServersErrorAndGoesOn) {
    const auto connection = started();
    ASSERT_TRUE(until_ready());
    const Answer failed = ask(*connection, "SELECT 1 / $1::int", {"0"});
    ASSERT_TRUE(failed.error);
    EXPECT_EQ(failed.error->sqlstate(), "22012");
    const Answer misspelt = ask(*connection, "SELEC 1");
    ASSERT_TRUE(misspelt.error);
    EXPECT_EQ(misspelt.error->sqlstate(), "42601");
    EXPECT_EQ(ask(*connection, "SELECT 1 / $1::int", {"1"}).rows.text(0, 0), "1");
    EXPECT_TRUE(lost_.empty());
}

TEST_F(AsyncConnectionTest, PreparesAStatementOncePerSession) {
    const auto connection = started();
    ASSERT_TRUE(until_ready());
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(ask(*connection, "SELECT $1::int", {"5"}).rows.text(0, 0), "5");
    }
    EXPECT_EQ(ask(*connection, "SELECT count(*) FROM pg_prepared_statements").rows.text(0, 0), "2");
}

TEST_F(AsyncConnectionTest, PreparesAgainAfterAnUpgradeChangedTheColumns) {
    Connection admin(database_.url(), "admin");
    admin.script("CREATE FUNCTION f() RETURNS TABLE(a int) LANGUAGE sql AS 'SELECT 1'");
    const auto connection = started();
    ASSERT_TRUE(until_ready());
    EXPECT_EQ(ask(*connection, "SELECT * FROM f()").rows.columns(), 1);
    admin.script("DROP FUNCTION f(); CREATE FUNCTION f() RETURNS TABLE(a int, b int) LANGUAGE sql AS 'SELECT 1, 2'");
    EXPECT_EQ(ask(*connection, "SELECT * FROM f()").rows.columns(), 2);
}

TEST_F(AsyncConnectionTest, RepeatsAStatementThatCannotBePreparedOnlyOnce) {
    Connection(database_.url(), "admin")
        .script(
            "CREATE FUNCTION never() RETURNS int LANGUAGE plpgsql AS"
            " $$BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '0A000'; END$$");
    const auto connection = started();
    ASSERT_TRUE(until_ready());
    const Answer answer = ask(*connection, "SELECT never()");
    ASSERT_TRUE(answer.error);
    EXPECT_EQ(answer.error->sqlstate(), "0A000");
    EXPECT_TRUE(connection->ready());
}

TEST_F(AsyncConnectionTest, SendsAndReceivesMoreThanTheSocketHolds) {
    const auto connection = started();
    ASSERT_TRUE(until_ready());
    const std::string large(16'000'000, 'x');
    const Answer answer = ask(*connection, "SELECT $1::text", {large});
    ASSERT_FALSE(answer.error) << answer.error->what();
    EXPECT_EQ(answer.rows.text(0, 0), large);
}

TEST_F(AsyncConnectionTest, RunsTheSessionSetupInOrder) {
    const auto connection =
        started({"SET application_name = 'moai async'", "SET synchronous_commit = off", "CREATE TEMP TABLE t (a int)"});
    ASSERT_TRUE(until_ready());
    EXPECT_EQ(ask(*connection, "SELECT current_setting('synchronous_commit') || count(*) FROM t").rows.text(0, 0),
              "off0");
}

TEST_F(AsyncConnectionTest, IsNotReadyWhenTheSetupFails) {
    const auto connection = started({"SET no_such_setting = 1"});
    ASSERT_TRUE(test::run_until(loop_, [this] { return lost_.size() >= 2; }));
    EXPECT_EQ(ready_, 0);
    EXPECT_FALSE(connection->connected());
}

TEST_F(AsyncConnectionTest, HearsANotification) {
    const auto connection = started({"LISTEN moai_wake"});
    ASSERT_TRUE(until_ready());
    notify();
    ASSERT_TRUE(test::run_until(loop_, [this] { return !notified_.empty(); }));
    EXPECT_EQ(notified_.front(), "moai_wake");
}

TEST_F(AsyncConnectionTest, HearsANotificationThatComesWithAnAnswer) {
    const auto connection = started({"LISTEN moai_wake"});
    ASSERT_TRUE(until_ready());
    EXPECT_FALSE(ask(*connection, "SELECT pg_notify('moai_wake', ' with a payload')").error);
    ASSERT_TRUE(test::run_until(loop_, [this] { return !notified_.empty(); }));
}

TEST_F(AsyncConnectionTest, ReconnectsAndListensAgainAfterItsBackendIsTerminated) {
    const auto connection = started({"LISTEN moai_wake"});
    ASSERT_TRUE(until_ready());
    terminate();
    ASSERT_TRUE(until_ready(2));
    EXPECT_EQ(lost_.size(), 1U);
    const auto start = Clock::now();
    notify();
    ASSERT_TRUE(test::run_until(loop_, [this] { return !notified_.empty(); }));
    EXPECT_LT(Clock::now() - start, std::chrono::seconds(1));
}

TEST_F(AsyncConnectionTest, PreparesAnewAfterAReconnect) {
    const auto connection = started();
    ASSERT_TRUE(until_ready());
    EXPECT_EQ(ask(*connection, "SELECT $1::int", {"5"}).rows.text(0, 0), "5");
    terminate();
    ASSERT_TRUE(until_ready(2));
    EXPECT_EQ(ask(*connection, "SELECT $1::int", {"6"}).rows.text(0, 0), "6");
}

TEST_F(AsyncConnectionTest, FailsTheOutstandingStatementWhenTheConnectionIsLost) {
    const auto connection = started();
    ASSERT_TRUE(until_ready());
    const Answer answer = ask(*connection, "SELECT pg_terminate_backend(pg_backend_pid())");
    ASSERT_TRUE(answer.error);
    EXPECT_TRUE(answer.error->connection_lost());
    EXPECT_FALSE(connection->ready());
    EXPECT_TRUE(until_ready(2));
}

TEST_F(AsyncConnectionTest, GoesOnToTheNextServerWhenTheFirstIsSilent) {
    test::TestCluster cluster({.tcp = true});
    silent_.listen();
    const std::string real = cluster.tcp_url("postgres", "postgres");
    const std::size_t host = real.find("127.0.0.1:");
    ASSERT_NE(host, std::string::npos) << real;
    std::string url = real;
    url.insert(host, "127.0.0.1:" + std::to_string(silent_.port()) + ",");
    url += (url.find('?') == std::string::npos ? "?" : "&") + std::string("connect_timeout=1");
    const auto connection = started({}, url);
    ASSERT_TRUE(until_ready());
    EXPECT_TRUE(lost_.empty()) << lost_.front();

    // The one that served is tried first when it is lost, so that the silent one costs nothing again.
    cluster.restart(test::TestCluster::StopMode::immediate);
    ASSERT_TRUE(until_ready(2));
    EXPECT_EQ(ask(*connection, "SELECT 1").rows.text(0, 0), "1");
}

TEST_F(AsyncConnectionTest, LosesAServerThatNoLongerAnswersAStatement) {
    AsyncConnection connection(loop_, impatient(), callbacks());
    connection.start();
    ASSERT_TRUE(until_ready());
    const pid_t backend = std::stoi(std::string(ask(connection, "SELECT pg_backend_pid()").rows.text(0, 0)));
    ASSERT_EQ(::kill(backend, SIGSTOP), 0);
    const auto start = Clock::now();
    const Answer answer = ask(connection, "SELECT 1");
    EXPECT_EQ(::kill(backend, SIGCONT), 0);
    ASSERT_TRUE(answer.error);
    EXPECT_TRUE(answer.error->connection_lost());
    EXPECT_THAT(answer.error->what(), HasSubstr("in time"));
    EXPECT_GE(Clock::now() - start, std::chrono::milliseconds(300));
    ASSERT_TRUE(until_ready(2));
    EXPECT_EQ(ask(connection, "SELECT 1").rows.text(0, 0), "1");
}

TEST_F(AsyncConnectionTest, IsNotLostByTheDeadlineOfAStatementThatWasAnswered) {
    AsyncConnection connection(loop_, impatient(), callbacks());
    connection.start();
    ASSERT_TRUE(until_ready());
    EXPECT_FALSE(ask(connection, "SELECT 1").error);
    EXPECT_FALSE(test::run_until(
        loop_, [this] { return !lost_.empty(); }, std::chrono::milliseconds(500)));
}

TEST_F(AsyncConnectionTest, GivesUpASilentServerAndTriesAgain) {
    silent_.listen();
    const auto start = Clock::now();
    const auto connection =
        started({}, "postgresql://ann@127.0.0.1:" + std::to_string(silent_.port()) + "/shop?connect_timeout=1");
    ASSERT_TRUE(test::run_until(loop_, [this] { return lost_.size() >= 2; }));
    EXPECT_GE(Clock::now() - start, std::chrono::seconds(2));
    EXPECT_THAT(lost_.front(), HasSubstr("too long"));
}

TEST_F(AsyncConnectionTest, BacksOffWhileNobodyListens) {
    const auto connection = started({}, "postgresql://ann@127.0.0.1:1/shop");
    const auto start = Clock::now();
    ASSERT_TRUE(test::run_until(loop_, [this] { return lost_.size() >= 4; }));
    // Three pauses of at least half of 100, 200 and 400 ms.
    EXPECT_GE(Clock::now() - start, std::chrono::milliseconds(350));
}

TEST_F(AsyncConnectionTest, NamesAnUrlThatCannotBeUnderstood) {
    const auto connection = started({}, "hots=h");
    ASSERT_TRUE(test::run_until(loop_, [this] { return !lost_.empty(); }));
    EXPECT_THAT(lost_.front(), HasSubstr("hots"));
}

TEST_F(AsyncConnectionTest, ClosingFailsTheOutstandingStatement) {
    const auto connection = started();
    ASSERT_TRUE(until_ready());
    std::optional<Error> failure;
    connection->send("SELECT 1", {}, [&](const Result&, const Error* error) {
        ASSERT_NE(error, nullptr);
        failure = *error;
    });
    connection->close();
    ASSERT_TRUE(failure);
    EXPECT_TRUE(failure->connection_lost());
    EXPECT_FALSE(connection->ready());
    EXPECT_TRUE(lost_.empty());
}

TEST_F(AsyncConnectionTest, MayBeDestroyedByItsOwnCallbacks) {
    auto connection = started();
    ASSERT_TRUE(until_ready());
    connection->send("SELECT 1", {}, [&](const Result&, const Error*) {
        connection.reset();
        loop_.stop();
    });
    EXPECT_TRUE(test::run_until(loop_, [&] { return connection == nullptr; }));

    std::unique_ptr<AsyncConnection> second;
    auto destroying = callbacks();
    destroying.on_lost = [&](const Error&) {
        second.reset();
        loop_.stop();
    };
    second = std::make_unique<AsyncConnection>(
        loop_, AsyncConnection::Options{"postgresql://ann@127.0.0.1:1/shop", "t", {}}, destroying);
    second->start();
    EXPECT_TRUE(test::run_until(loop_, [&] { return second == nullptr; }));
}

TEST_F(AsyncConnectionTest, RefusesASecondStatementWhileOneIsOutstanding) {
    const auto connection = started();
    EXPECT_THROW(connection->send("SELECT 1", {}, [](const Result&, const Error*) {}), std::logic_error);
    ASSERT_TRUE(until_ready());
    connection->send("SELECT 1", {}, [](const Result&, const Error*) {});
    EXPECT_THROW(connection->send("SELECT 2", {}, [](const Result&, const Error*) {}), std::logic_error);
}

TEST_F(AsyncConnectionTest, SurvivesARestartOfTheServer) {
    test::TestCluster cluster;
    const auto connection = started({}, cluster.url());
    ASSERT_TRUE(until_ready());
    cluster.restart(test::TestCluster::StopMode::immediate);
    ASSERT_TRUE(until_ready(2));
    EXPECT_EQ(ask(*connection, "SELECT 1").rows.text(0, 0), "1");
}

}  // namespace
}  // namespace moai::pg
