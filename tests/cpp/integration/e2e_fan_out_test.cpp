// Many subscriptions, many events: each pair is delivered, signed, named and numbered.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>
#include <map>
#include <set>

#include "delivery/signature.hpp"
#include "support/eventually.hpp"
#include "support/fake_receiver.hpp"
#include "support/moai_process.hpp"
#include "support/moai_sql.hpp"
#include "support/test_database.hpp"

namespace moai::test {
namespace {

using namespace std::chrono_literals;

struct FanOut : ::testing::Test {
    TestDatabase database;
    FakeReceiver receiver;
    pg::Connection sql{database.url(), "test"};
};

TEST_F(FanOut, TenSubscriptionsAndAThousandEventsAreTenThousandDistinctDeliveries) {
    constexpr std::size_t kSubscriptions = 10;
    constexpr std::size_t kEvents = 1000;
    std::map<std::string, std::string> secrets;
    for (std::size_t i = 0; i < kSubscriptions; ++i) {
        const auto subscription = subscribe(sql, receiver.url("/" + std::to_string(i)));
        secrets.emplace(subscription.id, subscription.secret);
    }
    MoaiProcess worker(server("work", database.url()));
    sql.script(
        "SELECT count(*) FROM (SELECT moai.publish('user.created', to_json(n)) FROM generate_series(1, 1000) AS n) AS "
        "p");

    ASSERT_TRUE(receiver.wait_for_distinct(kSubscriptions * kEvents, 50s)) << receiver.distinct_deliveries();
    ASSERT_TRUE(
        eventually([&] { return value(sql, "SELECT count(*) FROM moai.delivery WHERE state <> 'delivered'") == "0"; }));
    EXPECT_EQ(receiver.distinct_deliveries(), kSubscriptions * kEvents);
    EXPECT_EQ(receiver.count(), kSubscriptions * kEvents) << "healthy receivers get no duplicates";
    EXPECT_EQ(value(sql, "SELECT count(*) FROM moai.delivery"), "10000");

    std::set<std::string> events;
    for (const ReceivedRequest& request : receiver.requests()) {
        events.insert(request.header("webhook-id"));
        const auto secret = secrets.find(request.header("moai-subscription-id"));
        ASSERT_NE(secret, secrets.end());
        ASSERT_EQ(delivery::verify(delivery::Secret::parse(secret->second), request.header("webhook-id"),
                                   request.header("webhook-timestamp"), request.header("webhook-signature"),
                                   request.body, std::time(nullptr)),
                  delivery::Verdict::accepted);
    }
    EXPECT_EQ(events.size(), kEvents);
}

TEST_F(FanOut, EveryRequestCarriesWhatTheDesignNames) {
    const auto subscription = subscribe(sql, receiver.url("/hook?x=1"), "retry_base => '100 ms', retry_jitter => 0");
    receiver.on("/hook?x=1", std::vector<Answer>{{.status = 500}, {.status = 204}});
    MoaiProcess worker(server("work", database.url()));
    // Longer than 1 KiB: libcurl would ask "Expect: 100-continue" first.
    const std::string payload = "\"" + std::string(5000, 'x') + "\"";
    const std::string id = publish(sql, payload, "user.created");
    ASSERT_TRUE(receiver.wait_for(2, 20s));

    int nth = 0;
    for (const ReceivedRequest& request : receiver.requests()) {
        EXPECT_EQ(request.method, "POST");
        EXPECT_EQ(request.path, "/hook?x=1");
        EXPECT_EQ(request.header("webhook-id"), id);
        EXPECT_EQ(request.header("moai-subscription-id"), subscription.id);
        EXPECT_EQ(request.header("moai-attempt"), std::to_string(++nth));
        EXPECT_EQ(request.header("content-type"), "application/json");
        EXPECT_THAT(request.header("user-agent"), ::testing::StartsWith("moai/"));
        EXPECT_EQ(request.header("expect"), "");
        EXPECT_EQ(request.header("content-length"), std::to_string(request.body.size()));
        EXPECT_LE(std::abs(std::stoll(request.header("webhook-timestamp")) * 1'000'000 - unix_us(request.arrived_at)),
                  2'000'000);
        EXPECT_EQ(
            delivery::verify(delivery::Secret::parse(subscription.secret), id, request.header("webhook-timestamp"),
                             request.header("webhook-signature"), request.body, std::time(nullptr)),
            delivery::Verdict::accepted);
    }
    EXPECT_EQ(receiver.requests()[0].body, receiver.requests()[1].body);
}

TEST_F(FanOut, OneConnectionServesDeliveriesThatFollowEachOther) {
    static_cast<void>(subscribe(sql, receiver.url()));
    MoaiProcess worker(server("work", database.url()));
    for (std::size_t i = 1; i <= 20; ++i) {
        publish(sql);
        ASSERT_TRUE(receiver.wait_for(i, 20s));
        // Recorded, so that its connection is free before the next one is claimed.
        ASSERT_TRUE(eventually([&] { return value(sql, "SELECT count(*) FROM moai_private.delivery") == "0"; }));
    }
    EXPECT_EQ(receiver.connections_accepted(), 1U);
}

}  // namespace
}  // namespace moai::test
