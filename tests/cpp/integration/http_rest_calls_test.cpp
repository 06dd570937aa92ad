// store::RestCalls against a real server: what is repeated, and what must not be.
#include "store/rest_calls.hpp"

#include <gtest/gtest.h>

#include <string>

#include "pg/connection.hpp"
#include "support/test_database.hpp"

namespace moai::store {
namespace {

// Stand-ins for moai_rest: sequences count calls whatever becomes of their transactions.
constexpr const char* kSchema = R"(
    CREATE SCHEMA moai_rest;
    CREATE SEQUENCE tries;
    CREATE FUNCTION moai_rest.echo(a text, b text, OUT status int, OUT body text) LANGUAGE sql AS $$
        SELECT 202, json_build_object('a', a, 'b', b)::text $$;
    CREATE FUNCTION moai_rest.nothing(OUT status int, OUT body text) LANGUAGE sql AS $$ SELECT 204, NULL::text $$;
    CREATE FUNCTION moai_rest.collide(times text, OUT status int, OUT body text) LANGUAGE plpgsql AS $$
        BEGIN
            IF nextval('tries') <= times::int THEN RAISE serialization_failure; END IF;
            status := 200; body := '{}';
        END $$;
    CREATE FUNCTION moai_rest.die_once(OUT status int, OUT body text) LANGUAGE plpgsql AS $$
        BEGIN
            IF nextval('tries') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(10); END IF;
            status := 200; body := '{}';
        END $$;
    CREATE FUNCTION moai_rest.write_on_a_standby(OUT status int, OUT body text) LANGUAGE plpgsql AS $$
        BEGIN
            RAISE read_only_sql_transaction;
        END $$;
    CREATE FUNCTION moai_rest.refuse(OUT status int, OUT body text) LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM nextval('tries');
            RAISE 'no' USING ERRCODE = 'MO404', DETAIL = 'id = 1', HINT = 'Look elsewhere.';
        END $$;
)";

class RestCallsTest : public ::testing::Test {
protected:
    void SetUp() override { admin_.script(kSchema); }

    std::string tries() {
        return std::string(admin_.query("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM tries").text(0, 0));
    }

    test::TestDatabase database_{test::TestDatabase::Content::empty};
    pg::Connection admin_{database_.url(), "admin"};
    pg::Pool pool_{{database_.url(), "moai rest", "", 2, std::chrono::milliseconds(2'000)}};
    RestCalls calls_{pool_};
};

TEST_F(RestCallsTest, PassTextAndNullAndReadStatusAndBody) {
    const RestAnswer answer = calls_.call({"echo", {"ä'\"\\", std::nullopt}, true});
    EXPECT_EQ(answer.status, 202);
    EXPECT_EQ(answer.body, R"({"a" : "ä'\"\\", "b" : null})");
    const RestAnswer nothing = calls_.call({"nothing", {}, true});
    EXPECT_EQ(nothing.status, 204);
    EXPECT_EQ(nothing.body, "");
}

TEST_F(RestCallsTest, RepeatThreeTimesAfterCollisions) {
    EXPECT_EQ(calls_.call({"collide", {"3"}, true}).status, 200);
    EXPECT_EQ(tries(), "4");
}

TEST_F(RestCallsTest, GiveUpAfterTheThirdRepeat) {
    try {
        (void)calls_.call({"collide", {"100"}, true});
        FAIL() << "it went on";
    } catch (const pg::Error& error) {
        EXPECT_EQ(error.sqlstate(), "40001");
    }
    EXPECT_EQ(tries(), "4");
}

TEST_F(RestCallsTest, SayThatTheOutcomeOfABrokenWriteIsUnknownAndDoNotRepeatIt) {
    EXPECT_THROW((void)calls_.call({"die_once", {}, true}), OutcomeUnknown);
    EXPECT_EQ(tries(), "1");
    EXPECT_EQ(calls_.call({"die_once", {}, true}).status, 200) << "the pool must have made a new connection";
}

TEST_F(RestCallsTest, KnowTheOutcomeOfAWriteThatAStandbyRefused) {
    try {
        (void)calls_.call({"write_on_a_standby", {}, true});
        FAIL() << "a standby took a write";
    } catch (const pg::Error& error) {
        EXPECT_EQ(error.sqlstate(), "25006");
    }
}

TEST_F(RestCallsTest, RepeatABrokenReadOnce) {
    EXPECT_EQ(calls_.call({"die_once", {}, false}).status, 200);
    EXPECT_EQ(tries(), "2");
}

TEST_F(RestCallsTest, PassRefusalsOnUntouched) {
    try {
        (void)calls_.call({"refuse", {}, true});
        FAIL() << "it was not refused";
    } catch (const pg::Error& error) {
        EXPECT_EQ(error.sqlstate(), "MO404");
        EXPECT_STREQ(error.what(), "no");
        EXPECT_EQ(error.detail(), "id = 1");
        EXPECT_EQ(error.hint(), "Look elsewhere.");
    }
    EXPECT_EQ(tries(), "1");
}

TEST_F(RestCallsTest, AnUnreachableDatabaseIsAnErrorNotAnUnknownOutcome) {
    pg::Pool nowhere({"postgresql://127.0.0.1:1/none", "moai rest", "", 2, std::chrono::milliseconds(100)});
    RestCalls calls(nowhere);
    EXPECT_THROW((void)calls.call({"echo", {"a", "b"}, true}), pg::Error);
}

}  // namespace
}  // namespace moai::store
