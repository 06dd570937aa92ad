// pg::Connection against a real server: what it returns, what it throws, and what it survives.
#include "pg/connection.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <chrono>
#include <thread>

#include "base/unique_fd.hpp"
#include "pg/copy_rows.hpp"
#include "pg/script_session.hpp"
#include "support/eventually.hpp"
#include "support/test_cluster.hpp"
#include "support/test_database.hpp"

namespace moai::pg {
namespace {

using ::testing::HasSubstr;

class ConnectionTest : public ::testing::Test {
protected:
    test::TestDatabase database_{test::TestDatabase::Content::empty};
    Connection connection_{database_.url(), "moai test"};

    template <typename Action>
    static Error failure_of(const Action& action) {
        try {
            action();
        } catch (const Error& error) {
            return error;
        }
        return {"none", "it succeeded"};
    }
};

TEST_F(ConnectionTest, ReturnsTextsAndNulls) {
    const Result rows =
        connection_.query("SELECT $1::text AS word, NULL AS nothing, $2::int + 1 AS next", {"häßlich; $$ '", "41"});
    ASSERT_EQ(rows.rows(), 1);
    EXPECT_EQ(rows.columns(), 3);
    EXPECT_EQ(rows.text(0, rows.column("word")), "häßlich; $$ '");
    EXPECT_TRUE(rows.is_null(0, rows.column("nothing")));
    EXPECT_EQ(rows.text(0, rows.column("next")), "42");
    EXPECT_THROW(std::ignore = rows.column("absent"), std::out_of_range);
}

TEST_F(ConnectionTest, PassesNullParameters) {
    EXPECT_EQ(connection_.query("SELECT $1::text IS NULL", {std::nullopt}).text(0, 0), "t");
}

TEST_F(ConnectionTest, GivesTheServersMessageDetailAndHintApart) {
    const Error error = failure_of([&] {
        connection_.script(
            "DO $$ BEGIN RAISE EXCEPTION 'no such event' USING ERRCODE = 'MO404', DETAIL = 'id 7', HINT = 'look'; END "
            "$$");
    });
    EXPECT_EQ(error.sqlstate(), "MO404");
    EXPECT_STREQ(error.what(), "no such event");
    EXPECT_EQ(error.detail(), "id 7");
    EXPECT_EQ(error.hint(), "look");
    EXPECT_TRUE(connection_.usable());
}

TEST_F(ConnectionTest, RefusesAZeroByteInsteadOfCuttingTheTextShort) {
    const Error error = failure_of([&] { connection_.query("SELECT $1::text", {std::string_view("a\0b", 3)}); });
    EXPECT_EQ(error.sqlstate(), "22021");
}

TEST_F(ConnectionTest, PreparesAStatementOncePerText) {
    for (int i = 0; i < 3; ++i) {
        connection_.query("SELECT $1::int", {"1"}, true);
    }
    connection_.query("SELECT $1::text", {"1"}, true);
    EXPECT_EQ(connection_.query("SELECT count(*) FROM pg_prepared_statements").text(0, 0), "2");
}

TEST_F(ConnectionTest, PreparesAgainWhenAnUpgradeHasChangedTheColumns) {
    connection_.script("CREATE FUNCTION f() RETURNS TABLE(a int) LANGUAGE sql AS 'SELECT 1'");
    EXPECT_EQ(connection_.query("SELECT * FROM f()", {}, true).columns(), 1);
    Connection(database_.url(), "moai test")
        .script("DROP FUNCTION f(); CREATE FUNCTION f() RETURNS TABLE(a int, b int) LANGUAGE sql AS 'SELECT 1, 2'");
    EXPECT_EQ(connection_.query("SELECT * FROM f()", {}, true).columns(), 2);
}

TEST_F(ConnectionTest, SaysWhetherItIsInATransaction) {
    EXPECT_FALSE(connection_.in_transaction());
    connection_.script("BEGIN");
    EXPECT_TRUE(connection_.in_transaction());
    EXPECT_EQ(failure_of([&] { connection_.query("SELECT 1/0"); }).sqlstate(), "22012");
    EXPECT_TRUE(connection_.in_transaction());
    connection_.script("ROLLBACK");
    EXPECT_FALSE(connection_.in_transaction());
}

TEST_F(ConnectionTest, RefusesCopyAndIsOfNoMoreUse) {
    EXPECT_EQ(failure_of([&] { connection_.script("COPY (SELECT 1) TO STDOUT"); }).sqlstate(), "08P01");
    EXPECT_FALSE(connection_.usable());
}

TEST_F(ConnectionTest, NoticesThatTheServerHungUpBetweenStatements) {
    EXPECT_TRUE(connection_.still_there());
    Connection admin(database_.admin_url(), "moai test");
    admin.query("SELECT pg_terminate_backend($1::int, 10000)", {std::to_string(connection_.backend_pid())});
    EXPECT_FALSE(connection_.still_there());
    const Error error = failure_of([&] { connection_.query("SELECT 1"); });
    EXPECT_TRUE(error.connection_lost()) << error.what();
    EXPECT_FALSE(connection_.usable());
}

TEST_F(ConnectionTest, SetsEncodingAndName) {
    EXPECT_EQ(connection_.query("SHOW client_encoding").text(0, 0), "UTF8");
    EXPECT_EQ(connection_.query("SHOW application_name").text(0, 0), "moai test");
}

TEST(ConnectionRefused, NamesTheReasonOnOneLineWithoutThePassword) {
    try {
        const Connection connection("postgresql://ann:s3cret@127.0.0.1:1/shop", "moai test");
        FAIL() << "connected";
    } catch (const Error& error) {
        EXPECT_EQ(error.sqlstate(), "");
        EXPECT_THAT(error.what(), HasSubstr("127.0.0.1"));
        EXPECT_THAT(error.what(), ::testing::Not(HasSubstr("s3cret")));
        EXPECT_THAT(error.what(), ::testing::Not(HasSubstr("\n")));
    }
}

TEST(ConnectionToASilentServer, GivesUpAfterConnectTimeout) {
    const base::UniqueFd silent(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ASSERT_EQ(::bind(silent.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    ASSERT_EQ(::listen(silent.get(), 8), 0);
    ASSERT_EQ(::getsockname(silent.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);

    const auto start = std::chrono::steady_clock::now();
    EXPECT_THROW(
        Connection("postgresql://ann@127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/shop?connect_timeout=2",
                   "t"),
        Error);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST_F(ConnectionTest, ScriptSessionRunsScriptsAndReadsRows) {
    ScriptSession session(database_.url(), "moai test", {});
    session.begin();
    session.run("CREATE TABLE t (a text); INSERT INTO t VALUES (NULL), ($$it's; fine$$)");
    const auto rows =
        session.rows("SELECT a FROM t WHERE a IS NULL OR a = " + session.quoted("it's; fine") + " ORDER BY a");
    session.commit();
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0][0], "it's; fine");
    EXPECT_EQ(rows[1][0], std::nullopt);
    EXPECT_EQ(connection_.query("SELECT count(*) FROM t").text(0, 0), "2");
}

TEST_F(ConnectionTest, ScriptSessionThrowsOurErrorsAndHandsRemarksOn) {
    std::vector<std::string> remarks;
    ScriptSession session(database_.url(), "moai test", [&](const std::string& remark) { remarks.push_back(remark); });
    session.begin();
    session.run("DO $$ BEGIN RAISE WARNING 'mind the step'; END $$");
    ASSERT_EQ(remarks.size(), 1U);
    EXPECT_THAT(remarks[0], HasSubstr("mind the step"));
    const Error error = failure_of([&] {
        session.run("DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = 'MO422', DETAIL = 'd', HINT = 'h'; END $$");
    });
    EXPECT_EQ(error.sqlstate(), "MO422");
    EXPECT_STREQ(error.what(), "no");
    EXPECT_EQ(error.detail(), "d");
    EXPECT_EQ(error.hint(), "h");
}

TEST_F(ConnectionTest, ScriptSessionSaysThatItsConnectionIsLost) {
    ScriptSession session(database_.url(), "doomed", {});
    session.begin();
    Connection(database_.admin_url(), "moai test")
        .query("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'doomed'");
    EXPECT_TRUE(failure_of([&] { session.run("SELECT 1"); }).connection_lost());
}

TEST_F(ConnectionTest, ScriptSessionReadsCommittedWhateverTheDefault) {
    connection_.script("ALTER DATABASE " + database_.name() + " SET default_transaction_isolation = 'serializable'");
    ScriptSession session(database_.url(), "moai test", {});
    session.begin();
    EXPECT_EQ(session.rows("SHOW transaction_isolation")[0][0], "read committed");
}

std::string rows_of(const std::vector<std::string>& texts) {
    CopyRows rows;
    std::int32_t place = 0;
    for (const std::string& text : texts) {
        rows.begin_row(2);
        rows.integer(place++);
        rows.text(text);
    }
    return rows.finish();
}

class CopyInTest : public ConnectionTest {
protected:
    CopyInTest() {
        connection_.script("CREATE TEMPORARY TABLE copied (place integer, line text CHECK (line <> 'bad'))");
    }

    void copy(const std::vector<std::string>& texts) {
        connection_.copy_in("COPY copied FROM STDIN (FORMAT binary)", rows_of(texts));
    }
    std::string all() {
        return std::string(
            connection_.query("SELECT coalesce(string_agg(line, '|' ORDER BY place), '-') FROM copied").text(0, 0));
    }
};

TEST_F(CopyInTest, KeepsEveryByte) {
    copy({"a\tb\\n\r\n\\.", "", "\\N", "häß", "-7"});
    EXPECT_EQ(all(), "a\tb\\n\r\n\\.||\\N|häß|-7");
    copy({});
    copy({std::string(3'000'000, 'x')});
    EXPECT_EQ(connection_.query("SELECT max(length(line)) FROM copied").text(0, 0), "3000000");
}

TEST_F(CopyInTest, ThrowsTheServersErrorAndLeavesTheConnectionUsable) {
    EXPECT_EQ(failure_of([&] { copy({"good", "bad"}); }).sqlstate(), "23514");
    EXPECT_EQ(failure_of([&] { copy({std::string("\xFF")}); }).sqlstate(), "22021");
    EXPECT_EQ(failure_of([&] { copy({std::string(1, '\0')}); }).sqlstate(), "22021");
    EXPECT_EQ(
        failure_of([&] { connection_.copy_in("COPY absent FROM STDIN (FORMAT binary)", rows_of({})); }).sqlstate(),
        "42P01");
    EXPECT_EQ(failure_of([&] { connection_.copy_in("SELECT 1", rows_of({})); }).sqlstate(), "08P01");
    EXPECT_EQ(all(), "-");
}

class InterruptTest : public CopyInTest {
protected:
    base::UniqueFd ringer_{eventfd(0, EFD_CLOEXEC)};
    int taken_ = 0;
    InterruptTest() {
        connection_.interrupt_by(ringer_.get(), [this] {
            eventfd_t count = 0;
            eventfd_read(ringer_.get(), &count);
            ++taken_;
        });
    }
};

TEST_F(InterruptTest, CancelsTheStatementThatWaitsForTheServer) {
    Connection other(database_.url(), "moai test holder");
    other.script("BEGIN; SELECT pg_advisory_xact_lock(77)");
    std::thread ring([this, &other] {
        // Once it waits: the interruption must end a wait, not forestall it.
        EXPECT_TRUE(test::eventually([&] {
            return other
                       .query(
                           "SELECT count(*) FROM pg_locks WHERE objid = 77 AND locktype = 'advisory' AND NOT granted")
                       .text(0, 0) != "0";
        }));
        eventfd_write(ringer_.get(), 1);
    });
    const Error error = failure_of([&] { connection_.query("SELECT pg_advisory_xact_lock(77)"); });
    ring.join();
    EXPECT_EQ(error.sqlstate(), "57014");
    EXPECT_TRUE(connection_.interrupted());
    EXPECT_EQ(taken_, 1);
    EXPECT_EQ(connection_.query("SELECT 1").text(0, 0), "1");
}

TEST_F(InterruptTest, LeavesStatementsAloneWhileNothingRings) {
    copy({"a", "b"});
    EXPECT_EQ(all(), "a|b");
    EXPECT_EQ(connection_.query("SELECT $1::int", {"5"}, true).text(0, 0), "5");
    EXPECT_FALSE(connection_.interrupted());
    EXPECT_EQ(taken_, 0);
}

}  // namespace
}  // namespace moai::pg
