// Limits and breakers of endpoints, as receivers see them through the running program.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <csignal>

#include "support/eventually.hpp"
#include "support/fake_receiver.hpp"
#include "support/moai_process.hpp"
#include "support/moai_sql.hpp"
#include "support/rest_client.hpp"
#include "support/test_database.hpp"

namespace moai::test {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

/// Of requests that take `duration` each: the most that were under way at one time.
std::size_t most_at_once(const std::vector<ReceivedRequest>& requests, std::chrono::milliseconds duration) {
    std::size_t most = 0;
    for (const auto& request : requests) {
        most = std::max(
            most,
            static_cast<std::size_t>(std::count_if(requests.begin(), requests.end(), [&](const ReceivedRequest& other) {
                return other.arrived_at <= request.arrived_at && other.arrived_at + duration > request.arrived_at;
            })));
    }
    return most;
}

struct Endpoints : ::testing::Test {
    TestDatabase database;
    FakeReceiver receiver, other;
    pg::Connection sql{database.url(), "test"};

    void publish_many(int count, const std::string& type = "a") {
        sql.query("SELECT count(moai.publish($1, to_json(n))) FROM generate_series(1, $2) AS n",
                  {type, std::to_string(count)});
    }
    /// To `url`, for events of `type` alone.
    std::string subscribe_to(const std::string& url, const std::string& type, const std::string& more = "") {
        return value(sql, "SELECT id FROM moai.create_subscription('" + url + "', '{" + type + "}'" +
                              (more.empty() ? "" : ", " + more) + ")");
    }
    [[nodiscard]] std::string breaker_of(const std::string& id) {
        return value(sql, "SELECT breaker FROM moai.subscription WHERE id = $1", {id});
    }
};

TEST_F(Endpoints, NeverHaveMoreRequestsInFlightThanMaxInFlight) {
    receiver.on("/", Answer{.status = 200, .delay = 20ms});
    static_cast<void>(subscribe_to(receiver.url(), "a", "max_in_flight => 3"));
    publish_many(150);
    MoaiProcess worker(server("work", database.url()));
    ASSERT_TRUE(receiver.wait_for_distinct(150, 30s)) << receiver.distinct_deliveries();
    EXPECT_EQ(receiver.count(), 150U);
    // Shorter than the answer takes: what we measure begins later and ends earlier than the request.
    EXPECT_LE(most_at_once(receiver.requests(), 18ms), 3U);
    EXPECT_EQ(value(sql, "SELECT max(attempts) FROM moai.delivery"), "1") << "waiting spends no attempt";
}

TEST_F(Endpoints, GetNoMoreASecondThanTheirRateLimit) {
    static_cast<void>(subscribe_to(receiver.url(), "a", "rate_limit => 20"));
    publish_many(90);
    MoaiProcess worker(server("work", database.url()));
    ASSERT_TRUE(receiver.wait_for_distinct(90, 30s)) << receiver.distinct_deliveries();
    const auto requests = receiver.requests();
    // 20 at once, and the other 70 one in 50 ms.
    const auto took = requests.back().arrived_at - requests.front().arrived_at;
    EXPECT_GE(took, 3400ms);
    EXPECT_LE(took, 6s);
    for (std::size_t i = 0; i + 41 < requests.size(); ++i) {
        EXPECT_GE(requests[i + 41].arrived_at - requests[i].arrived_at, 950ms)
            << "more than a burst and a second's worth";
    }
}

TEST_F(Endpoints, ThatHangDelayNobodyElse) {
    receiver.on("/", Answer{.behaviour = Answer::Behaviour::hang_after_request});
    static_cast<void>(subscribe_to(receiver.url(), "hangs", "timeout => '30 s'"));
    static_cast<void>(subscribe_to(other.url(), "works"));
    publish_many(5000, "hangs");
    MoaiProcess worker(server("work", database.url()));
    ASSERT_TRUE(receiver.wait_for(16, 10s));
    const auto begin = SteadyClock::now();
    publish_many(500, "works");
    ASSERT_TRUE(other.wait_for_distinct(500, 10s)) << other.distinct_deliveries();
    EXPECT_LT(SteadyClock::now() - begin, 5s);
    EXPECT_TRUE(eventually(
        [&] { return value(sql, "SELECT count(*) FROM moai.delivery WHERE state = 'parked'") == "4984"; }, 20s));
    EXPECT_EQ(receiver.count(), 16U) << "it holds sixteen slots and no more";
    EXPECT_EQ(value(sql, "SELECT count(*) FROM moai.attempt WHERE error_class IS NOT NULL"), "0");
}

TEST_F(Endpoints, ThatOnlyFailAreLeftAloneThenProbedThenRampedUp) {
    std::atomic<bool> healthy = false;
    receiver.on("/", [&](const ReceivedRequest&, std::size_t) { return Answer{.status = healthy ? 200 : 500}; });
    const std::string id = subscribe_to(receiver.url(), "a", "retry_base => '1 h', retry_cap => '1 h'");
    publish_many(400);
    MoaiProcess server_process(server("run", database.url()));
    RestClient api(api_port(server_process));
    ASSERT_TRUE(eventually([&] { return breaker_of(id) == "open"; }, 20s));
    const auto opened = SteadyClock::now();
    const auto are_leased = [&] {
        return number(sql, "SELECT count(*) FROM moai_private.delivery WHERE lease_token IS NOT NULL");
    };
    ASSERT_TRUE(eventually([&] { return are_leased() == 0; })) << "those that were under way end, too";
    const std::size_t before = receiver.count();
    EXPECT_GE(before, 20U);
    EXPECT_LE(before, 20U + 16U) << "and those that were under way";
    const std::string shown = api.request("GET", "/subscriptions/" + id).body;
    EXPECT_NE(shown.find(R"("breaker" : {"state" : "open")"), std::string::npos) << shown;
    EXPECT_NE(shown.find(R"("consecutive_failures" : 20)"), std::string::npos) << shown;
    EXPECT_NE(shown.find("http_status"), std::string::npos) << shown;
    EXPECT_NE(api.request("GET", "/metrics").body.find("moai_breakers_open 1"), std::string::npos);

    healthy = true;
    ASSERT_TRUE(receiver.wait_for(before + 1, 10s));
    EXPECT_GE(SteadyClock::now() - opened, 4500ms) << "nothing is sent until the breaker's time has come";
    ASSERT_TRUE(receiver.wait_for_distinct(400, 20s)) << receiver.distinct_deliveries();
    ASSERT_TRUE(eventually([&] { return breaker_of(id) == "closed"; }));
    EXPECT_EQ(number(sql, "SELECT count(*) FROM moai.attempt WHERE http_status = 500"), static_cast<int>(before))
        << "what was parked spent no attempt";
    EXPECT_EQ(number(sql, "SELECT count(*) FROM moai.delivery WHERE state = 'delivered'"),
              400 - static_cast<int>(before));
}

TEST_F(Endpoints, ThatAskToBeLeftAloneAreAndDelayNobodyElse) {
    constexpr auto kRest = 5s;
    // Busy for two seconds from its first request on: whoever comes then is told, whoever comes later is welcome.
    std::atomic<std::int64_t> first_us = 0;
    receiver.on("/", [&](const ReceivedRequest& request, std::size_t) {
        std::int64_t none = 0;
        const auto arrived_us = unix_us(request.arrived_at);
        first_us.compare_exchange_strong(none, arrived_us);
        return arrived_us < first_us + 2'000'000 ? Answer{.status = 429, .headers = {{"Retry-After", "5"}}}
                                                 : Answer{.status = 200};
    });
    const std::string id = subscribe_to(receiver.url(), "a", "retry_base => '100 ms'");
    static_cast<void>(subscribe_to(other.url(), "works"));
    publish_many(200);
    MoaiProcess server_process(server("run", database.url()));
    RestClient api(api_port(server_process));
    ASSERT_TRUE(eventually([&] { return breaker_of(id) == "open"; }, 20s));
    const std::string shown = api.request("GET", "/subscriptions/" + id).body;
    EXPECT_NE(shown.find("HTTP 429, Retry-After 5 s"), std::string::npos) << shown;
    publish_many(100, "works");
    ASSERT_TRUE(other.wait_for_distinct(100, 10s)) << other.distinct_deliveries();

    ASSERT_TRUE(eventually(
        [&] { return value(sql, "SELECT count(*) FROM moai.delivery WHERE state <> 'delivered'") == "0"; }, 30s));
    const auto requests = receiver.requests();
    const auto told = std::count_if(requests.begin(), requests.end(), [&](const ReceivedRequest& request) {
        return request.arrived_at - requests[0].arrived_at < kRest;
    });
    EXPECT_LE(told, 16) << "those that were under way when the first answer came, and nothing more until its time";
    EXPECT_EQ(number(sql, "SELECT count(*) FROM moai.attempt WHERE http_status = 429"), told)
        << "what waited spent no attempt";
    EXPECT_EQ(requests.size(), static_cast<std::size_t>(200 + told));
    EXPECT_EQ(
        number(
            sql,
            "SELECT count(*) FROM moai.attempt WHERE http_status = 429 AND next_due_at < recorded_at + interval '5 s'"),
        0);
    EXPECT_TRUE(eventually([&] { return breaker_of(id) == "closed"; }));
}

TEST_F(Endpoints, ThatAskedForAnHourNeedNotBeWaitedForOnceTheyAreMendedOrReplaced) {
    std::atomic<bool> busy = true;
    receiver.on("/", [&](const ReceivedRequest&, std::size_t) {
        return busy ? Answer{.status = 503, .headers = {{"Retry-After", "3600"}}} : Answer{.status = 200};
    });
    const std::string mended = subscribe_to(receiver.url(), "a"), replaced = subscribe_to(receiver.url(), "b");
    MoaiProcess server_process(server("run", database.url()));
    RestClient api(api_port(server_process));
    for (const char* type : {"a", "b"}) {
        publish_many(1, type);
        ASSERT_TRUE(eventually([&] { return breaker_of(*type == 'a' ? mended : replaced) == "open"; }, 20s));
        publish_many(50, type);
    }
    ASSERT_TRUE(
        eventually([&] { return number(sql, "SELECT count(*) FROM moai.delivery WHERE state = 'parked'") == 100; }));
    EXPECT_EQ(receiver.count(), 2U);
    busy = false;
    EXPECT_EQ(api.request("POST", "/subscriptions/" + mended + "/resume", "{}").status, 200);
    EXPECT_EQ(api.request("PATCH", "/subscriptions/" + replaced, R"({"url":")" + other.url() + R"("})").status, 200);
    EXPECT_TRUE(receiver.wait_for_distinct(52, 10s)) << receiver.distinct_deliveries();
    EXPECT_TRUE(other.wait_for_distinct(50, 10s)) << other.distinct_deliveries();
    EXPECT_TRUE(eventually([&] { return breaker_of(mended) == "closed" && breaker_of(replaced) == "closed"; }));
}

TEST_F(Endpoints, ThatAreGoneAreDisabledSayWhyAndGetEverythingOnceTheyAreResumed) {
    std::atomic<bool> gone = true;
    receiver.on("/", [&](const ReceivedRequest&, std::size_t) { return Answer{.status = gone ? 410 : 200}; });
    const std::string id = subscribe_to(receiver.url(), "a", "retry_base => '100 ms'");
    static_cast<void>(subscribe_to(other.url(), "works"));
    MoaiProcess server_process(server("run", database.url()));
    RestClient api(api_port(server_process));
    const std::string first = publish(sql, "1", "a");
    const auto state = [&] { return value(sql, "SELECT state FROM moai.subscription WHERE id = $1", {id}); };
    ASSERT_TRUE(eventually([&] { return state() == "disabled"; }));
    gone = false;
    const std::string shown = api.request("GET", "/subscriptions/" + id).body;
    EXPECT_NE(shown.find("410 Gone was answered to event " + first), std::string::npos) << shown;
    publish_many(50);
    publish_many(1, "works");
    ASSERT_TRUE(other.wait_for(1, 10s));
    ASSERT_TRUE(
        eventually([&] { return value(sql, "SELECT count(*) FROM moai.delivery WHERE state = 'parked'") == "51"; }));
    EXPECT_EQ(receiver.count(), 1U) << "nothing more is sent";
    EXPECT_EQ(api.request("POST", "/subscriptions/" + id + "/resume", "{}").status, 200);
    ASSERT_TRUE(receiver.wait_for_distinct(51, 20s)) << receiver.distinct_deliveries();
    EXPECT_EQ(receiver.count(), 52U);
}

TEST_F(Endpoints, AreRampedUpOneTwoFourAfterTheirProbe) {
    std::atomic<bool> healthy = false;
    receiver.on("/", [&](const ReceivedRequest&, std::size_t) {
        return healthy ? Answer{.status = 200, .delay = 150ms} : Answer{.status = 503};
    });
    const std::string id = subscribe_to(receiver.url(), "a", "retry_base => '1 h', retry_cap => '1 h'");
    publish_many(120);
    MoaiProcess worker(server("work", database.url()));
    ASSERT_TRUE(eventually([&] { return breaker_of(id) == "open"; }, 20s));
    receiver.clear();
    healthy = true;
    ASSERT_TRUE(receiver.wait_for(31, 20s));
    const auto requests = receiver.requests();
    const auto after_probe = [&](std::size_t n) { return requests[n].arrived_at - requests[0].arrived_at; };
    EXPECT_GE(after_probe(1), 150ms) << "the probe is alone";
    EXPECT_GE(after_probe(3), 300ms) << "then there are two";
    EXPECT_GE(after_probe(7), 450ms) << "then four";
    EXPECT_GE(after_probe(15), 600ms) << "then eight";
}

TEST_F(Endpoints, KeepTheirBreakerWhenTheWorkerIsRestarted) {
    receiver.on("/", Answer{.status = 500});
    const std::string id = subscribe_to(receiver.url(), "a", "retry_base => '1 h', retry_cap => '1 h'");
    publish_many(60);
    {
        MoaiProcess first(server("work", database.url()));
        ASSERT_TRUE(eventually([&] { return breaker_of(id) == "open"; }, 20s));
        ASSERT_TRUE(eventually([&] {
            return value(sql, "SELECT count(*) FROM moai.delivery WHERE state IN ('pending', 'delivering')") == "0";
        }));
        first.send(SIGTERM);
        ASSERT_EQ(first.wait(), 0);
    }
    // Long enough that nobody sees the probe of the one that ended.
    sql.query("SELECT moai.record_breakers('test', $1::json)",
              {R"([{"subscription_id":")" + id +
               R"(","is_open":true,"probe_in_us":3000000,"consecutive_failures":20,"times_opened":1,"reason":"x"}])"});
    const auto written = SteadyClock::now();
    receiver.clear();
    receiver.on("/", Answer{.status = 200});
    MoaiProcess second(server("work", database.url()));
    second.await("worker listening");
    publish_many(5);
    ASSERT_TRUE(receiver.wait_for(1, 10s));
    EXPECT_GE(receiver.requests()[0].arrived_at - written, 2990ms);
    ASSERT_TRUE(eventually([&] { return breaker_of(id) == "closed"; }));
    ASSERT_TRUE(
        eventually([&] { return value(sql, "SELECT count(*) FROM moai.delivery WHERE state = 'parked'") == "0"; }));
}

TEST_F(Endpoints, ThatRefuseMessagesAreNotTakenForBroken) {
    receiver.on("/", Answer{.status = 404});
    const std::string id = subscribe_to(receiver.url(), "a", "retry_base => '1 h', retry_cap => '1 h'");
    publish_many(100);
    MoaiProcess worker(server("work", database.url()));
    ASSERT_TRUE(receiver.wait_for_distinct(100, 20s)) << receiver.distinct_deliveries();
    ASSERT_TRUE(
        eventually([&] { return value(sql, "SELECT count(*) FROM moai.delivery WHERE state = 'retrying'") == "100"; }));
    EXPECT_EQ(breaker_of(id), "closed");
}

}  // namespace
}  // namespace moai::test
