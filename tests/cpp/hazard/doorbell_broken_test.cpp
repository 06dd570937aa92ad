// The doorbell with one part of it broken on purpose: the safety look delivers, and its counter tells. What these tests
// show is that a hole in the protocol cannot stay unseen.
#include <gtest/gtest.h>

#include "integration/sql_session.hpp"
#include "support/doorbell_sql.hpp"
#include "support/eventually.hpp"
#include "support/fake_receiver.hpp"
#include "support/moai_process.hpp"
#include "support/moai_sql.hpp"
#include "support/own_cluster.hpp"
#include "support/test_database.hpp"

namespace moai::test {
namespace {

using namespace std::chrono_literals;

struct DoorbellBroken : ::testing::Test {
    TestDatabase database{own_cluster().url()};
    FakeReceiver receiver;
    pg::Connection sql{database.admin_url(), "test"};

    void SetUp() override { static_cast<void>(test::subscribe(sql, receiver.url(), "timeout => '60 s'")); }
    /// Replaces a part of a function's text.
    void break_function(const std::string& function, const std::string& part, const std::string& by) {
        const std::string text = value(sql, "SELECT pg_get_functiondef($1::regproc)", {function});
        ASSERT_NE(text.find(part), std::string::npos) << function << " has no " << part;
        std::string broken = text;
        broken.replace(text.find(part), part.size(), by);
        sql.script(broken);
    }
    std::vector<std::string> worker(const std::string& name) {
        return server("run", database.url(), {"--worker-name", name, "--safety-interval", "2s"});
    }
    /// All is delivered, and the counter of that process tells of one that nothing announced. It takes several if one
    /// comes just before a safety look, before the worker believes to sleep, or before the last one's result is
    /// recorded.
    bool is_caught(MoaiProcess& process) {
        RestClient api(api_port(process));
        return eventually([&] {
            const std::string event = publish(sql);
            return eventually([&] { return state_of(sql, event) == "delivered"; }) &&
                   metric(api, "moai_safety_look_catches_total") >= 1;
        });
    }
};

TEST_F(DoorbellBroken, ABellThatDoesNotRingIsCaught) {
    break_function("moai_private.ring_sentinel", "pg_notify('moai_wake', '')", "1");
    MoaiProcess moai(worker("w"));
    ASSERT_EQ(sleeping_sentinel(sql), "w");
    EXPECT_TRUE(is_caught(moai));
}

TEST_F(DoorbellBroken, AFlagThatPublishersDoNotSeeIsCaught) {
    break_function("moai_private.ring_sentinel", "pg_try_advisory_xact_lock_shared(1836016993, 1)",
                   "pg_try_advisory_xact_lock_shared(1836016993, 9)");
    MoaiProcess moai(worker("w"));
    ASSERT_EQ(sleeping_sentinel(sql), "w");
    EXPECT_TRUE(is_caught(moai));
}

TEST_F(DoorbellBroken, AFlagThatIsNeverUpIsCaught) {
    break_function("moai.fall_asleep", "RETURN moai_private.lock_patiently(1, fall_asleep.patience)", "RETURN true");
    MoaiProcess moai(worker("w"));
    EXPECT_TRUE(is_caught(moai));
}

/// Claims find nothing while the table "blind" has a row; the sequence "missed" counts those that are made while the
/// flag is up.
constexpr const char* kBlindness = R"(
    CREATE TABLE public.blind (yes boolean);
    CREATE SEQUENCE public.missed;
    CREATE FUNCTION public.blindness() RETURNS timestamptz LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        IF NOT EXISTS (SELECT FROM public.blind) THEN
            RETURN NULL;
        END IF;
        IF EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = 1836016993 AND objid = 1 AND granted
                   AND mode = 'ExclusiveLock'
                   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) THEN
            PERFORM nextval('public.missed');
        END IF;
        RETURN 'infinity';
    END
    $$;)";

TEST_F(DoorbellBroken, ALookAfterTheFlagIsUpThatFindsNothingIsCaught) {
    sql.script(kBlindness);
    break_function("moai.claim_deliveries", "since => coalesce(", "since => coalesce(public.blindness(), ");
    const auto is_missed_and_caught = [&] {
        EXPECT_TRUE(eventually([&] { return holder_of(sql, 1).empty(); })) << "of the round before";
        sql.script("ALTER SEQUENCE public.missed RESTART");
        // It finds no flag, need not ring, and is waited for.
        SqlSession silent(database.url());
        silent.run("BEGIN");
        const std::string event = silent.value("SELECT moai.publish('a', '{}')");
        MoaiProcess moai(worker("w"));
        EXPECT_TRUE(waits_for_office(sql, "w")) << "for the flag, in this case";
        sql.script("INSERT INTO public.blind VALUES (true)");
        silent.run("COMMIT");
        EXPECT_EQ(sleeping_sentinel(sql), "w");
        // One may have been on its way when the flag was granted; the look that follows is the second at the latest,
        // even if the safety timer ended meanwhile the third.
        EXPECT_TRUE(eventually([&] { return value(sql, "SELECT last_value >= 3 FROM public.missed") == "t"; }));
        EXPECT_EQ(state_of(sql, event), "pending");
        sql.script("TRUNCATE public.blind");
        EXPECT_TRUE(eventually([&] { return state_of(sql, event) == "delivered"; }));
        RestClient api(api_port(moai));
        EXPECT_EQ(metric(api, R"(moai_wakeups_total{reason="notify"})"), 0) << "nobody rang";
        return metric(api, "moai_safety_look_catches_total") >= 1;
    };
    // Where claims are slow, a sweep may come before the safety look; rarely.
    EXPECT_TRUE(eventually(is_missed_and_caught, 100s));
}

TEST_F(DoorbellBroken, AnOfficeThatIsNotHandedOnIsCaught) {
    break_function("moai.leave_office", "PERFORM pg_advisory_unlock_all()", "NULL");
    receiver.on("/", [](const ReceivedRequest&, std::size_t nth) {
        return nth == 1 ? Answer{.behaviour = Answer::Behaviour::hang_after_request} : Answer{};
    });
    auto arguments = worker("full");
    arguments.insert(arguments.end(), {"--concurrency", "1"});
    MoaiProcess full(arguments);
    ASSERT_EQ(sleeping_sentinel(sql), "full");
    // Alone, or a look of the other's might take it, and fill nobody.
    publish(sql);
    ASSERT_TRUE(receiver.wait_for(1, 20s));
    MoaiProcess idle(worker("idle"));
    ASSERT_TRUE(waits_for_office(sql, "idle"));
    EXPECT_TRUE(is_caught(idle));
}

TEST_F(DoorbellBroken, ATokenThatIsNotAskedForLetsALateResultEndAnothersDelivery) {
    SqlSession late(database.url()), current(database.url());
    const std::string results = "SELECT * FROM moai_private.claim(1, clock_timestamp())";
    const auto lose_and_record = [&] {
        publish(sql);
        const std::string first = late.value(results_of(results, "delivered"));
        sql.script("UPDATE moai_private.delivery SET due_at = clock_timestamp() WHERE lease_token IS NOT NULL");
        static_cast<void>(current.value("SELECT event_id FROM moai.claim_deliveries('current', 1)"));
        return late.value("SELECT delivered || ' ' || orphaned FROM moai.complete_deliveries('late', $1)", {first});
    };
    EXPECT_EQ(lose_and_record(), "0 1");
    break_function("moai_private.judge", "AND d.lease_token = r.lease_token", "");
    EXPECT_EQ(lose_and_record(), "1 0") << "this is what hazard_late_result and the tests of complete would see";
}

}  // namespace
}  // namespace moai::test
