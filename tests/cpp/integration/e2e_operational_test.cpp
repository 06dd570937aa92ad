// moai's own events: what operators are told of, by the running program, as webhooks like any other.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "support/eventually.hpp"
#include "support/fake_receiver.hpp"
#include "support/json_text.hpp"
#include "support/moai_process.hpp"
#include "support/moai_sql.hpp"
#include "support/rest_client.hpp"
#include "support/test_database.hpp"

namespace moai::test {
namespace {

using namespace std::chrono_literals;

struct OperationalEvents : ::testing::Test {
    TestDatabase database;
    FakeReceiver receiver, operators;
    pg::Connection sql{database.url(), "test"};
    MoaiProcess moai{server("run", database.url())};
    RestClient api{api_port(moai)};
    std::string id =
        value(sql, "SELECT id FROM moai.create_subscription($1, '{a}', max_attempts => 1)", {receiver.url()});

    OperationalEvents() {
        moai.await("worker listening");
        sql.query("SELECT moai.create_subscription($1, '{moai.*}', format => 'standard')", {operators.url()});
    }
    /// What operators have heard of this type.
    std::vector<std::string> heard(const std::string& type) {
        std::vector<std::string> bodies;
        for (const ReceivedRequest& request : operators.requests()) {
            if (json_at(request.body, "/type") == type) {
                bodies.push_back(request.body);
            }
        }
        return bodies;
    }
    /// Nothing may have waited for a safety look.
    void expect_no_catch() {
        EXPECT_NE(api.request("GET", "/metrics").body.find("moai_safety_look_catches_total 0"), std::string::npos);
    }
};

TEST_F(OperationalEvents, TellOfADeadLetterAtOnce) {
    receiver.on("/", Answer{.status = 500});
    const std::string event = publish(sql, "1", "a");
    ASSERT_TRUE(operators.wait_for(1, 10s)) << moai.err();
    const auto bodies = heard("moai.delivery.dead_lettered");
    ASSERT_EQ(bodies.size(), 1U);
    EXPECT_EQ(json_at(bodies[0], "/data/event_id"), event);
    EXPECT_EQ(json_at(bodies[0], "/data/subscription_id"), id);
    EXPECT_EQ(json_at(bodies[0], "/data/http_status"), "500");
    expect_no_catch();
}

TEST_F(OperationalEvents, TellOfAnEndpointThatDoesNothingButFailAtOnce) {
    receiver.on("/", Answer{.status = 500});
    sql.query("SELECT count(moai.publish('a', to_json(n))) FROM generate_series(1, 100) AS n");
    ASSERT_TRUE(eventually([&] { return !heard("moai.endpoint.failing").empty(); }, 10s)) << moai.err();
    EXPECT_EQ(json_at(heard("moai.endpoint.failing")[0], "/data/consecutive_failures"), "20");
    EXPECT_EQ(json_at(heard("moai.endpoint.failing")[0], "/data/subscription_id"), id);
    expect_no_catch();
}

TEST_F(OperationalEvents, TellOfASubscriptionThatIsDisabledAndOfARotatedSecret) {
    const std::string rotated = api.request("POST", "/subscriptions/" + id + "/rotate-secret", "{}").body;
    ASSERT_TRUE(operators.wait_for(1, 10s)) << rotated;
    ASSERT_EQ(heard("moai.secret.rotated").size(), 1U);
    EXPECT_EQ(heard("moai.secret.rotated")[0].find(json_at(rotated, "/secret")), std::string::npos);
    receiver.on("/", Answer{.status = 410});
    const std::string event = publish(sql, "1", "a");
    ASSERT_TRUE(operators.wait_for(3, 10s)) << "the dead letter, and why the subscription is disabled";
    const auto bodies = heard("moai.subscription.disabled");
    ASSERT_EQ(bodies.size(), 1U);
    EXPECT_EQ(json_at(bodies[0], "/data/reason"), "410 Gone was answered to event " + event);
    expect_no_catch();
}

TEST_F(OperationalEvents, EndpointsThatDoNothingButFailForLongAreDisabled) {
    receiver.on("/", Answer{.status = 404});
    sql.query("SELECT moai.update_subscription($1, disable_after => '1 minute')", {id});
    publish(sql, "1", "a");
    const auto failing_since = [&] {
        return value(sql, "SELECT failing_since FROM moai.subscription WHERE id = $1", {id});
    };
    ASSERT_TRUE(eventually([&] { return !failing_since().empty(); }));
    pg::Connection(database.admin_url(), "test")
        .script("UPDATE moai_private.failing SET since = since - interval '1 minute', last = last - interval '20 s'");
    publish(sql, "2", "a");
    ASSERT_TRUE(eventually([&] { return !heard("moai.subscription.disabled").empty(); }, 10s));
    const std::string shown = api.request("GET", "/subscriptions/" + id).body;
    EXPECT_EQ(json_at(shown, "/state"), "disabled");
    EXPECT_NE(json_at(shown, "/state_reason").find("nothing but failures since 20"), std::string::npos) << shown;
    EXPECT_EQ(api.request("POST", "/subscriptions/" + id + "/resume", "{}").status, 200);
    EXPECT_EQ(failing_since(), "");
    expect_no_catch();
}

}  // namespace
}  // namespace moai::test
