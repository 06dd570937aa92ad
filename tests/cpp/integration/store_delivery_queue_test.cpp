// PgDeliveryQueue and WakeListener against the real schema.
#include "store/pg_delivery_queue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "pg/connection.hpp"
#include "store/session_setup.hpp"
#include "store/wake_listener.hpp"
#include "support/eventually.hpp"
#include "support/moai_process.hpp"
#include "support/moai_sql.hpp"
#include "support/run_until.hpp"
#include "support/test_cluster.hpp"
#include "support/test_database.hpp"

namespace moai::store {
namespace {

using std::chrono::milliseconds;

class DeliveryQueueTest : public ::testing::Test {
protected:
    test::TestDatabase database_;
    pg::Connection sql_{database_.url(), "test"};
    base::EventLoop loop_;
    int lost_ = 0;
    PgDeliveryQueue queue_{loop_,
                           {database_.url(), "w1"},
                           {[this] { loop_.stop(); },
                            [this](const pg::Error&) {
                                ++lost_;
                                loop_.stop();
                            }}};

    void SetUp() override {
        queue_.start();
        ASSERT_TRUE(until_ready());
    }
    bool until_ready() {
        return test::run_until(loop_, [this] { return queue_.can_claim() && queue_.can_record(); });
    }

    Claim claim(int max_count, const std::vector<std::string>& saturated = {}, const Look& look = {}) {
        std::optional<Claim> result;
        queue_.claim(max_count, look, saturated, [&](Claim claimed, const pg::Error* error) {
            EXPECT_EQ(error, nullptr) << error->what();
            result = std::move(claimed);
            loop_.stop();
        });
        EXPECT_FALSE(queue_.can_claim());
        EXPECT_TRUE(test::run_until(loop_, [&] { return result.has_value(); }));
        return result.value_or(Claim());
    }
    Recorded record(const std::vector<DeliveryResult>& results, const Look& look = {}) {
        std::optional<Recorded> recorded;
        queue_.record(results, look, [&](Recorded counts, const pg::Error* error) {
            EXPECT_EQ(error, nullptr) << error->what();
            recorded = counts;
            loop_.stop();
        });
        EXPECT_TRUE(test::run_until(loop_, [&] { return recorded.has_value(); }));
        return recorded.value_or(Recorded());
    }
    static DeliveryResult result_of(const ClaimedDelivery& delivery, DeliveryResult::Outcome outcome) {
        DeliveryResult result;
        result.event_id = delivery.event_id;
        result.subscription_id = delivery.subscription_id;
        result.lease_token = delivery.lease_token;
        result.attempt_no = delivery.attempt_no;
        result.outcome = outcome;
        result.started_at_us = 1'700'000'000'000'000;
        result.total_us = 1'500;
        return result;
    }
    void subscribe(const std::string& url = "http://127.0.0.1:9/hook") {
        sql_.query("SELECT moai.create_subscription(url => $1, event_types => ARRAY['*'])", {url});
    }
    std::string publish(const std::string& payload = R"({"userId": "123"})") {
        return std::string(sql_.query("SELECT moai.publish('user.created', $1::json)", {payload}).text(0, 0));
    }
};

TEST_F(DeliveryQueueTest, ClaimsNothingFromAnEmptyQueue) {
    const Claim nothing = claim(10);
    EXPECT_TRUE(nothing.deliveries.empty());
    EXPECT_FALSE(nothing.next_due_in);
    EXPECT_GT(nothing.claimed_at_us, 1'700'000'000'000'000);
}

TEST_F(DeliveryQueueTest, ClaimsEverythingThatARequestNeeds) {
    subscribe();
    const std::string payload = "{ \"b\": 1.0, \"a\": \"h\\u00e4ßlich 🗿\" }";
    const std::string event_id = publish(payload);
    const Claim claimed = claim(10);
    ASSERT_EQ(claimed.deliveries.size(), 1U);
    const ClaimedDelivery& delivery = claimed.deliveries.front();
    EXPECT_EQ(delivery.event_id, event_id);
    EXPECT_EQ(delivery.subscription_id.size(), 36U);
    EXPECT_NE(delivery.lease_token, 0);
    EXPECT_EQ(delivery.attempt_no, 1);
    EXPECT_EQ(delivery.event_type, "user.created");
    EXPECT_EQ(delivery.payload, payload);
    EXPECT_EQ(delivery.url, "http://127.0.0.1:9/hook");
    EXPECT_EQ(delivery.format, "standard");
    EXPECT_TRUE(delivery.secret.starts_with("whsec_"));
    EXPECT_EQ(delivery.timeout, milliseconds(15'000));
    EXPECT_GT(delivery.lease, delivery.timeout);
    EXPECT_THAT(delivery.published_at, ::testing::MatchesRegex("[0-9-]+T[0-9:]+\\.[0-9]{6}Z"));
    ASSERT_TRUE(claimed.next_due_in);
    EXPECT_GT(*claimed.next_due_in, milliseconds(15'000)) << "the lease's end is the next due time";
}

TEST_F(DeliveryQueueTest, ClaimsNoMoreThanAskedAndNothingTwice) {
    subscribe();
    for (int i = 0; i < 3; ++i) {
        publish();
    }
    EXPECT_EQ(claim(2).deliveries.size(), 2U);
    EXPECT_EQ(claim(2).deliveries.size(), 1U);
    EXPECT_EQ(claim(2).deliveries.size(), 0U);
}

TEST_F(DeliveryQueueTest, LooksFromATimeOnAndAheadOnlyWhenAsked) {
    subscribe();
    publish();
    const auto nothing = claim(10, {}, {.since_us = 4'102'444'800'000'000});
    EXPECT_TRUE(nothing.deliveries.empty());
    EXPECT_EQ(nothing.next_due_in, std::nullopt) << "nor does it look for the next due time before";
    const auto silent = claim(10, {}, {.since_us = nothing.claimed_at_us - 60'000'000, .ahead = false});
    ASSERT_EQ(silent.deliveries.size(), 1U);
    EXPECT_FALSE(silent.looked_ahead);
    EXPECT_EQ(silent.next_due_in, std::nullopt);
    EXPECT_FALSE(record({}, {.ahead = false}).looked_ahead);
    EXPECT_EQ(record({}, {.ahead = false}).next_due_in, std::nullopt);
    EXPECT_NE(record({}).next_due_in, std::nullopt) << "the lease";
    EXPECT_EQ(record({}, {.since_us = 4'102'444'800'000'000}).next_due_in, std::nullopt);
}

TEST_F(DeliveryQueueTest, RecordsEachOutcome) {
    subscribe();
    for (int i = 0; i < 4; ++i) {
        publish();
    }
    const auto deliveries = claim(10).deliveries;
    ASSERT_EQ(deliveries.size(), 4U);
    auto delivered = result_of(deliveries[0], DeliveryResult::Outcome::delivered);
    delivered.http_status = 204;
    auto failed = result_of(deliveries[1], DeliveryResult::Outcome::failed);
    failed.http_status = 500;
    failed.error_class = "http_5xx";
    failed.error_detail = std::string("\xff\0 and more", 11);
    failed.response_body = std::string("\0\xff\xfe", 3);
    failed.response_bytes = 3;
    auto late = result_of(deliveries[3], DeliveryResult::Outcome::delivered);
    late.lease_token += 1;
    const Recorded recorded =
        record({delivered, failed, result_of(deliveries[2], DeliveryResult::Outcome::released), late});
    EXPECT_EQ(recorded.delivered, 1);
    EXPECT_EQ(recorded.retried, 1);
    EXPECT_EQ(recorded.dead_lettered, 0);
    EXPECT_EQ(recorded.released, 1);
    EXPECT_EQ(recorded.orphaned, 1);
    ASSERT_TRUE(recorded.next_due_in);
    EXPECT_LE(*recorded.next_due_in, milliseconds(0)) << "the released one is due at once";
}

TEST_F(DeliveryQueueTest, CommitsAsynchronouslyOnTwoNamedSessions) {
    pg::Connection admin(database_.admin_url(), "test");
    admin.script("ALTER DATABASE " + database_.name() + R"( SET synchronous_commit = on;
        CREATE TABLE public.seen (session text);
        GRANT INSERT ON public.seen TO PUBLIC;
        CREATE FUNCTION public.see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            INSERT INTO public.seen VALUES (current_setting('application_name') || ' ' || current_setting('synchronous_commit'));
            RETURN NULL;
        END $$;
        CREATE TRIGGER see AFTER UPDATE OR DELETE ON moai_private.delivery FOR EACH ROW EXECUTE FUNCTION public.see())");
    admin.query(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name LIKE 'moai % w1' AND "
        "datname = current_database()");
    ASSERT_TRUE(test::run_until(loop_, [this] { return lost_ == 2; }));
    ASSERT_TRUE(until_ready());
    subscribe();
    publish();
    const auto deliveries = claim(1).deliveries;
    ASSERT_EQ(deliveries.size(), 1U);
    EXPECT_EQ(record({result_of(deliveries[0], DeliveryResult::Outcome::delivered)}).delivered, 1);
    const pg::Result seen = admin.query("SELECT DISTINCT session FROM public.seen ORDER BY 1");
    ASSERT_EQ(seen.rows(), 2);
    EXPECT_EQ(seen.text(0, 0), "moai claims w1 off");
    EXPECT_EQ(seen.text(1, 0), "moai results w1 off");
}

TEST_F(DeliveryQueueTest, ARowThatSomebodyHoldsFailsTheBatchSoonAndByItsName) {
    subscribe();
    publish();
    const auto delivery = claim(1).deliveries.at(0);
    pg::Connection holder(database_.admin_url(), "holder");
    holder.script("BEGIN; SELECT 1 FROM moai_private.delivery FOR UPDATE");
    std::optional<std::string> sqlstate;
    queue_.record({result_of(delivery, DeliveryResult::Outcome::delivered)}, {}, [&](Recorded, const pg::Error* error) {
        sqlstate = error == nullptr ? "" : error->sqlstate();
        loop_.stop();
    });
    ASSERT_TRUE(test::run_until(
        loop_, [&] { return sqlstate.has_value(); }, milliseconds(1'500)));
    EXPECT_EQ(*sqlstate, "55P03");
    EXPECT_EQ(lost_, 0);
}

TEST_F(DeliveryQueueTest, MaintenanceThatWaitsHoldsUpNeitherClaimsNorResults) {
    subscribe();
    publish();
    pg::Connection holder(database_.admin_url(), "holder");
    holder.script("BEGIN; LOCK TABLE moai_private.idempotency_key IN ACCESS EXCLUSIVE MODE");
    int ended = 0;
    std::string sqlstate;
    const auto on_end = [&](bool, const pg::Error* error) {
        ++ended;
        sqlstate = error == nullptr ? "" : error->sqlstate();
        loop_.stop();
    };
    queue_.maintain(on_end);
    const auto claimed = claim(1);
    ASSERT_EQ(claimed.deliveries.size(), 1U);
    EXPECT_EQ(record({result_of(claimed.deliveries[0], DeliveryResult::Outcome::delivered)}).delivered, 1);
    EXPECT_EQ(ended, 0);
    ASSERT_TRUE(test::run_until(loop_, [&] { return ended == 1; }));
    EXPECT_EQ(sqlstate, "55P03") << "it gives up, because others queue behind what it waits for";

    holder.script("ROLLBACK");
    queue_.maintain(on_end);
    ASSERT_TRUE(test::run_until(loop_, [&] { return ended == 2; }));
    EXPECT_EQ(sqlstate, "");
    EXPECT_TRUE(test::eventually([&] {
        return holder
                   .query(
                       "SELECT 1 FROM pg_stat_activity WHERE application_name LIKE 'moai maintenance%'"
                       " AND datname = current_database()")
                   .rows() == 0;
    })) << "its connection is closed";
}

TEST(DeliveryQueueSessions, AllFreeThemselvesWithinHalfAMinuteOfAHostThatVanished) {
    const std::vector<std::pair<std::string, std::string>> wanted{{"tcp_keepalives_idle", "10"},
                                                                  {"tcp_keepalives_interval", "5"},
                                                                  {"tcp_keepalives_count", "3"},
                                                                  {"tcp_user_timeout", "25000"}};
    // A session's settings are nobody else's to read: its statements are, in the server's log.
    test::TestCluster cluster({.tcp = true, .settings = {"log_statement=all", "log_line_prefix=<%a> "}});
    test::TestDatabase database(cluster.url());
    const std::string url = cluster.tcp_url(database.name(), "moai_test");
    const test::MoaiProcess moai(test::server("work", url, {"--worker-name", "w1"}));
    const auto sent = [&](const std::string& session, const std::string& statement) {
        return std::regex_search(cluster.server_log(),
                                 std::regex("<moai " + session + " w1> [^\n]*" + statement + "\n"));
    };
    for (const std::string session : {"claims", "results", "maintenance", "worker", "sentinel", "upkeep"}) {
        ASSERT_TRUE(test::eventually([&] { return sent(session, worker_session_setup().back()); })) << session;
        for (const auto& [setting, number] : wanted) {
            EXPECT_TRUE(sent(session, "SET " + setting + " = " + number)) << session << " " << setting;
        }
    }
    // And the server takes them: over TCP it tells what the kernel says.
    pg::Connection same(url, "test");
    for (const std::string& statement : worker_session_setup()) {
        same.script(statement);
    }
    for (const auto& [setting, number] : wanted) {
        EXPECT_EQ(same.query("SELECT setting FROM pg_settings WHERE name = $1", {setting}).text(0, 0), number);
    }
}

TEST(DeliveryQueueSessions, StayIdleWhateverTheDatabasesDefaultsAre) {
    test::TestDatabase database;
    pg::Connection admin(database.admin_url(), "admin");
    admin.script("ALTER DATABASE " + database.name() + " SET idle_session_timeout = '100ms'");
    base::EventLoop loop;
    int lost = 0;
    PgDeliveryQueue queue(loop, {database.url(), "w1"},
                          {[&] { loop.stop(); },
                           [&](const pg::Error&) {
                               ++lost;
                               loop.stop();
                           }});
    queue.start();
    ASSERT_TRUE(test::run_until(loop, [&] { return queue.can_claim() && queue.can_record(); }));
    EXPECT_FALSE(test::run_until(
        loop, [&] { return lost > 0; }, milliseconds(500)));
}

TEST_F(DeliveryQueueTest, ParksWhatIsSaturatedAndFetchesItOldestFirst) {
    const std::string id(
        sql_.query("SELECT id FROM moai.create_subscription('http://127.0.0.1:9/', '{*}', max_in_flight "
                   "=> 7, rate_limit => 2.5)")
            .text(0, 0));
    const std::string first = publish();
    const std::string second = publish();
    const Claim none = claim(10, {id});
    EXPECT_TRUE(none.deliveries.empty());
    EXPECT_EQ(none.parked, 2);
    ASSERT_TRUE(none.next_due_in);
    EXPECT_GE(*none.next_due_in, std::chrono::minutes(5) - milliseconds(1));

    std::optional<Claim> fetched;
    queue_.claim_parked({id}, {1}, {}, [&](Claim claimed, const pg::Error* error) {
        EXPECT_EQ(error, nullptr) << error->what();
        fetched = std::move(claimed);
        loop_.stop();
    });
    ASSERT_TRUE(test::run_until(loop_, [&] { return fetched.has_value(); }));
    ASSERT_EQ(fetched->deliveries.size(), 1U);
    EXPECT_EQ(fetched->deliveries[0].event_id, first);
    EXPECT_EQ(fetched->deliveries[0].max_in_flight, 7);
    EXPECT_EQ(fetched->deliveries[0].rate_limit, 2.5);
    record({result_of(fetched->deliveries[0], DeliveryResult::Outcome::parked)});
    EXPECT_EQ(sql_.query("SELECT string_agg(state::text || attempts, ',') FROM moai.delivery").text(0, 0),
              "parked0,parked0");
}

TEST_F(DeliveryQueueTest, TellsOfBreakersAndReadsThemBack) {
    const std::string id(
        sql_.query("SELECT id FROM moai.create_subscription('http://127.0.0.1:9/x', '{*}')").text(0, 0));
    const auto record_breakers = [&](const BreakerChange& change) {
        bool done = false;
        queue_.record_breakers({change}, [&](const pg::Error* error) {
            EXPECT_EQ(error, nullptr) << error->what();
            done = true;
            loop_.stop();
        });
        ASSERT_TRUE(test::run_until(loop_, [&] { return done; }));
    };
    const auto endpoints = [&] {
        std::optional<std::vector<KnownEndpoint>> known;
        queue_.endpoints([&](std::vector<KnownEndpoint> read, const pg::Error* error) {
            EXPECT_EQ(error, nullptr) << error->what();
            known = std::move(read);
            loop_.stop();
        });
        EXPECT_TRUE(test::run_until(loop_, [&] { return known.has_value(); }));
        return known.value_or(std::vector<KnownEndpoint>());
    };
    record_breakers({id, OpenBreaker{std::chrono::minutes(1), 20, 2, std::string("tls: \0 \xff", 8)}});
    const auto known = endpoints();
    ASSERT_EQ(known.size(), 1U);
    EXPECT_EQ(known[0].subscription_id, id);
    EXPECT_EQ(known[0].url, "http://127.0.0.1:9/x");
    EXPECT_FALSE(known[0].max_in_flight || known[0].rate_limit || known[0].has_parked);
    ASSERT_TRUE(known[0].open);
    EXPECT_GT(known[0].open->probe_in, milliseconds(30'000));
    EXPECT_LE(known[0].open->probe_in, milliseconds(60'000));
    EXPECT_EQ(known[0].open->consecutive_failures, 20);
    EXPECT_EQ(known[0].open->times_opened, 2);
    EXPECT_EQ(known[0].open->reason, "tls: \xEF\xBF\xBD \xEF\xBF\xBD");
    record_breakers({id, std::nullopt});
    EXPECT_TRUE(endpoints().empty());
}

TEST_F(DeliveryQueueTest, FailsAnOutstandingClaimAndGoesOnAfterTheSessionIsTerminated) {
    pg::Connection admin(database_.admin_url(), "test");
    admin.query(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'moai claims w1' AND "
        "datname = current_database()");
    std::optional<bool> connection_lost;
    queue_.claim(1, {}, {}, [&](const Claim&, const pg::Error* error) {
        connection_lost = error != nullptr && error->connection_lost();
        loop_.stop();
    });
    ASSERT_TRUE(test::run_until(loop_, [&] { return connection_lost.has_value(); }));
    EXPECT_TRUE(*connection_lost);
    EXPECT_TRUE(queue_.can_record());
    ASSERT_TRUE(until_ready());
    EXPECT_EQ(lost_, 1);
    EXPECT_TRUE(claim(1).deliveries.empty());
}

TEST_F(DeliveryQueueTest,
       WakesTheListenerWhenAnEventIsPublishedAndTheSentinelSleepsOrCallsForHelpOrAnEndpointBeginsAnew) {
    int woken = 0, called = 0;
    std::string renewed;
    WakeListener listener(loop_, database_.url(), "w1",
                          {.on_wake =
                               [&](int /*sender_pid*/) {
                                   ++woken;
                                   loop_.stop();
                               },
                           .on_help =
                               [&] {
                                   ++called;
                                   loop_.stop();
                               },
                           .on_endpoint_renewed =
                               [&](const std::string& id) {
                                   renewed = id;
                                   loop_.stop();
                               },
                           .on_ready = [this] { loop_.stop(); },
                           .on_lost = [](const pg::Error&) {}});
    listener.start();
    ASSERT_TRUE(test::run_until(loop_, [&] { return listener.listening(); }));
    subscribe();
    pg::Connection sentinel(database_.url(), "sentinel");
    sentinel.query("SELECT FROM moai.await_office('w1', 1, '0')");
    sentinel.query("SELECT moai.fall_asleep('0')");
    publish();
    ASSERT_TRUE(test::run_until(loop_, [&] { return woken > 0; }));
    EXPECT_EQ(called, 0);
    sentinel.query("SELECT moai.call_for_help()");
    ASSERT_TRUE(test::run_until(loop_, [&] { return called > 0; }));
    EXPECT_EQ(woken, 1);
    EXPECT_EQ(renewed, "");
    const std::string id(sentinel.query("SELECT id FROM moai.subscription").text(0, 0));
    sentinel.query("SELECT moai.resume_subscription($1)", {id});
    ASSERT_TRUE(test::run_until(loop_, [&] { return !renewed.empty(); }));
    EXPECT_EQ(renewed, id);
    pg::Connection admin(database_.admin_url(), "test");
    EXPECT_EQ(admin
                  .query("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'moai worker w1' AND datname "
                         "= current_database()")
                  .text(0, 0),
              "1");
    listener.close();
    EXPECT_FALSE(listener.listening());
}

}  // namespace
}  // namespace moai::store
