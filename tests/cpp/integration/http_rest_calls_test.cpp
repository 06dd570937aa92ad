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
    CREATE FUNCTION moai_rest.publish_group(events text, keys text)
        RETURNS TABLE (status int, body text, code text, message text, detail text, hint text) LANGUAGE plpgsql AS $$
        DECLARE
            first text := events::json -> 0 ->> 'do';
        BEGIN
            PERFORM nextval('tries');
            IF first = 'collide' AND currval('tries') <= 3 THEN RAISE serialization_failure; END IF;
            IF first = 'deadlock' AND currval('tries') <= 1 THEN RAISE deadlock_detected; END IF;
            IF first = 'die in commit' THEN INSERT INTO commits VALUES (1); END IF;
            IF first = 'fail all' THEN RAISE 'division' USING ERRCODE = '22012'; END IF;
            IF first = 'take too long' THEN RAISE 'stopped' USING ERRCODE = '57014'; END IF;
            IF first = 'disk full' THEN RAISE 'full' USING ERRCODE = '53100'; END IF;
            RETURN QUERY SELECT CASE WHEN e ->> 'do' NOT IN ('bad', 'held') THEN 202 END, e::text || coalesce(keys, '-'),
                CASE e ->> 'do' WHEN 'bad' THEN 'MO422' WHEN 'held' THEN '55P03' END, 'm', 'd', 'h'
                FROM json_array_elements(events::json) AS e;
        END $$;
    CREATE TABLE commits (n int);
    CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(10); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER die AFTER INSERT ON commits DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die();
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
    pg::Pool groups_{{database_.url(), "moai rest", "", 1, std::chrono::milliseconds(2'000)}};
    RestCalls calls_{pool_, groups_};

    std::vector<PublishAnswer> publish(const std::vector<PublishItem>& items) { return calls_.publish_group(items); }
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
    RestCalls calls(nowhere, nowhere);
    EXPECT_THROW((void)calls.call({"echo", {"a", "b"}, true}), pg::Error);
}

TEST_F(RestCallsTest, AGroupsAnswersAreOneForEachInOrder) {
    const auto answers = publish({{R"({"do":"good"})", "k\"1"}, {R"({"do":"bad"})", {}}, {R"({"do":"held"})", {}}});
    ASSERT_EQ(answers.size(), 3U);
    const auto& good = std::get<RestAnswer>(answers[0]);
    EXPECT_EQ(good.status, 202);
    EXPECT_EQ(good.body, R"({"do":"good"}["k\"1",null,null])");
    const auto& bad = std::get<pg::Error>(answers[1]);
    EXPECT_EQ(bad.sqlstate() + bad.what() + bad.detail() + bad.hint(), "MO422mdh");
    const auto& held = std::get<PublishHeld>(answers[2]).error;
    EXPECT_EQ(held.sqlstate() + held.what() + held.detail() + held.hint(), "MO409mdh");
}

TEST_F(RestCallsTest, AGroupWithoutKeysGivesNone) {
    const auto answers = publish({{R"({"do":"good"})", {}}});
    EXPECT_EQ(std::get<RestAnswer>(answers.at(0)).body, R"({"do":"good"}-)");
}

TEST_F(RestCallsTest, AGroupThatCollidesIsRepeated) {
    EXPECT_EQ(publish({{R"({"do":"collide"})", {}}}).size(), 1U);
    EXPECT_EQ(tries(), "4");
}

TEST_F(RestCallsTest, AGroupThatDeadlocksIsRepeated) {
    EXPECT_EQ(publish({{R"({"do":"deadlock"})", {}}}).size(), 1U);
    EXPECT_EQ(tries(), "2");
}

TEST_F(RestCallsTest, AGroupWhoseConnectionBreaksInItsCommitIsOfUnknownOutcomeAndNotRepeated) {
    EXPECT_THROW(publish({{R"({"do":"die in commit"})", {}}}), OutcomeUnknown);
    EXPECT_EQ(tries(), "1");
    EXPECT_EQ(publish({{R"({"do":"good"})", {}}}).size(), 1U) << "the pool must have made a new connection";
}

TEST_F(RestCallsTest, AGroupThatFailsForWhatOneOfItMayHaveDoneIsPublishedOneByOne) {
    for (const char* first : {R"({"do":"fail all"})", R"({"do":"take too long"})"}) {
        for (const auto& answer : publish({{first, {}}, {R"({"do":"good"})", {}}})) {
            EXPECT_TRUE(std::holds_alternative<PublishAlone>(answer)) << first;
        }
    }
}

TEST_F(RestCallsTest, AGroupThatFailsForTheServersOwnFaultIsAnErrorForAll) {
    try {
        (void)publish({{R"({"do":"disk full"})", {}}, {R"({"do":"good"})", {}}});
        FAIL() << "it was published";
    } catch (const pg::Error& error) {
        EXPECT_EQ(error.sqlstate(), "53100");
    }
}

TEST_F(RestCallsTest, AGroupWaitsForNoConnectionThatOtherCallsHold) {
    const auto first = pool_.acquire();
    const auto second = pool_.acquire();
    EXPECT_EQ(publish({{R"({"do":"good"})", {}}}).size(), 1U);
}

}  // namespace
}  // namespace moai::store
