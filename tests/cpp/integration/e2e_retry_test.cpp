// Failing receivers through the running program: retries at their times, dead letters, pause, resume, deletion.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

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

struct Retrying : ::testing::Test {
    TestDatabase database;
    FakeReceiver receiver;
    MoaiProcess moai{server("run", database.url())};
    RestClient api{api_port(moai)};
    pg::Connection sql{database.url(), "test"};

    bool reaches(const std::string& event_id, const std::string& state) {
        return eventually([&] { return state_of(sql, event_id) == state; });
    }
};

TEST_F(Retrying, TwoFailuresAndASuccessAreThreeAttemptsAtThePolicysTimes) {
    // Ten retries are measured: a busy machine may hold up one of them, and that one a little.
    std::vector<std::string> events;
    std::vector<std::int64_t> late_us;
    receiver.on("/", [](const ReceivedRequest& request, std::size_t) {
        return Answer{.status = request.header("moai-attempt") == "3" ? 200 : 500};
    });
    static_cast<void>(subscribe(sql, receiver.url(), "retry_base => '300 ms', retry_factor => 2, retry_jitter => 0"));
    for (int i = 0; i < 5; ++i) {
        events.push_back(publish(sql));
    }
    for (const std::string& event : events) {
        ASSERT_TRUE(reaches(event, "delivered"));
        const auto attempts = attempts_of(sql, event);
        auto requests = receiver.requests();
        std::erase_if(requests, [&](const ReceivedRequest& request) { return request.header("webhook-id") != event; });
        ASSERT_EQ(attempts.size(), 3U);
        ASSERT_EQ(requests.size(), 3U);
        for (std::size_t i = 0; i < 3; ++i) {
            EXPECT_EQ(attempts[i].number, static_cast<int>(i) + 1);
            EXPECT_EQ(attempts[i].http_status, i < 2 ? 500 : 200);
            EXPECT_EQ(attempts[i].error_class, i < 2 ? "http_status" : "");
            EXPECT_EQ(attempts[i].terminal_state, i < 2 ? "" : "delivered");
        }
        for (const std::size_t i : {0U, 1U}) {
            const std::int64_t wait_us = i == 0 ? 300'000 : 600'000;
            EXPECT_EQ(attempts[i].next_due_at_us - attempts[i].recorded_at_us, wait_us);
            late_us.push_back(unix_us(requests[i + 1].arrived_at) - attempts[i].next_due_at_us);
            EXPECT_GE(late_us.back(), 0) << "retry " << i + 1 << " came early";
        }
        EXPECT_EQ(attempts[2].next_due_at_us, 0);
    }
    std::sort(late_us.begin(), late_us.end());
    ASSERT_EQ(late_us.size(), 10U);
    EXPECT_LT(late_us[8], 50'000) << "retries come late (us): " << ::testing::PrintToString(late_us);
    EXPECT_LT(late_us[9], 250'000) << "a retry comes late (us): " << ::testing::PrintToString(late_us);
}

TEST_F(Retrying, FollowsAScheduleDelayByDelayUntilItsEnd) {
    receiver.on("/", Answer{.status = 500});
    static_cast<void>(subscribe(sql, receiver.url(), "retry_schedule => '{300 ms,100 ms}', retry_jitter => 0"));
    const std::string event = publish(sql);
    ASSERT_TRUE(reaches(event, "dead"));
    const auto attempts = attempts_of(sql, event);
    ASSERT_EQ(attempts.size(), 3U);
    EXPECT_EQ(attempts[0].next_due_at_us - attempts[0].recorded_at_us, 300'000);
    EXPECT_EQ(attempts[1].next_due_at_us - attempts[1].recorded_at_us, 100'000);
    EXPECT_EQ(receiver.count(), 3U);
}

TEST_F(Retrying, AStatusThatTheSubscriptionGivesUpOnIsADeadLetterAtOnceAndAnotherIsRetried) {
    receiver.on("/", [](const ReceivedRequest&, std::size_t nth) { return Answer{.status = nth == 1 ? 403 : 422}; });
    static_cast<void>(subscribe(sql, receiver.url(), "give_up_on => '{400,422}', retry_base => '100 ms'"));
    const std::string event = publish(sql);
    ASSERT_TRUE(reaches(event, "dead"));
    EXPECT_EQ(receiver.count(), 2U);
    const auto letters = api.request("GET", "/dead-letters?reason=refused");
    EXPECT_EQ(json_at(letters.body, "/items/0/event_id"), event) << letters.body;
    EXPECT_EQ(json_at(letters.body, "/items/0/http_status"), "422") << letters.body;
}

TEST_F(Retrying, ExhaustedTriesAreADeadLetterWhichRedriveDeliversWithNumbersThatGoOn) {
    receiver.on("/", [](const ReceivedRequest&, std::size_t nth) { return Answer{.status = nth <= 4 ? 500 : 200}; });
    static_cast<void>(subscribe(sql, receiver.url(),
                                "max_attempts => 3, retry_base => '100 ms', retry_factor => 1, retry_jitter => 0"));
    const std::string event = publish(sql);
    ASSERT_TRUE(reaches(event, "dead"));
    ASSERT_EQ(receiver.count(), 3U);

    const auto letters = api.request("GET", "/dead-letters");
    ASSERT_EQ(letters.status, 200) << letters.body;
    const std::string id = json_at(letters.body, "/items/0/id");
    EXPECT_EQ(json_at(letters.body, "/items/0/reason"), "exhausted");
    EXPECT_EQ(json_at(letters.body, "/items/0/event_id"), event);

    const auto redriven = api.post("/dead-letters/redrive", R"({"ids":[")" + id + R"("]})");
    ASSERT_EQ(redriven.status / 100, 2) << redriven.body;
    ASSERT_TRUE(reaches(event, "delivered"));
    const auto attempts = attempts_of(sql, event);
    ASSERT_EQ(attempts.size(), 5U) << "fresh tries: the fourth request failed and was retried";
    for (std::size_t i = 0; i < attempts.size(); ++i) {
        EXPECT_EQ(attempts[i].number, static_cast<int>(i) + 1);
        EXPECT_EQ(receiver.requests()[i].header("moai-attempt"), std::to_string(i + 1));
        EXPECT_EQ(receiver.requests()[i].header("webhook-id"), event);
    }
    EXPECT_EQ(value(sql, "SELECT count(*) FROM moai.dead_letter"), "0");
}

TEST_F(Retrying, ADiscardedDeadLetterIsGoneAndItsHistoryStays) {
    receiver.on("/", Answer{.status = 410});
    static_cast<void>(subscribe(sql, receiver.url(), "max_attempts => 1"));
    const std::string event = publish(sql);
    ASSERT_TRUE(reaches(event, "dead"));
    const std::string id = value(sql, "SELECT id FROM moai.dead_letter");
    EXPECT_EQ(api.request("DELETE", "/dead-letters/" + id).status, 204);
    EXPECT_EQ(api.request("DELETE", "/dead-letters/" + id).status, 404);
    EXPECT_EQ(value(sql, "SELECT count(*) FROM moai.dead_letter"), "0");
    EXPECT_EQ(state_of(sql, event), "dead");
    EXPECT_EQ(attempts_of(sql, event).size(), 1U);
}

TEST_F(Retrying, APausedSubscriptionHoldsAndResumingReleases) {
    const auto paused = subscribe(sql, receiver.url("/paused"));
    static_cast<void>(subscribe(sql, receiver.url("/other")));
    ASSERT_EQ(api.post("/subscriptions/" + paused.id + "/pause", "").status / 100, 2);
    const std::string first = publish(sql, "1");
    ASSERT_TRUE(eventually([&] { return receiver.requests("/other").size() == 1; }));
    const std::string second = publish(sql, "2");
    ASSERT_TRUE(eventually([&] { return receiver.requests("/other").size() == 2; }));
    EXPECT_TRUE(receiver.requests("/paused").empty());
    EXPECT_EQ(
        value(sql, "SELECT string_agg(state::text, ' ') FROM moai.delivery WHERE subscription_id = $1", {paused.id}),
        "parked parked");

    ASSERT_EQ(api.post("/subscriptions/" + paused.id + "/resume", "").status / 100, 2);
    ASSERT_TRUE(eventually([&] { return receiver.requests("/paused").size() == 2; }));
    EXPECT_EQ(receiver.requests("/paused")[0].header("moai-attempt"), "1");
    EXPECT_EQ(receiver.requests("/paused")[0].header("webhook-id"), first) << "oldest first";
    EXPECT_EQ(receiver.requests("/paused")[1].header("webhook-id"), second);
}

TEST_F(Retrying, DeletingASubscriptionCancelsWhatIsPending) {
    receiver.on("/", Answer{.status = 503});
    const auto subscription = subscribe(sql, receiver.url(), "retry_base => '1 h'");
    const std::string event = publish(sql);
    ASSERT_TRUE(reaches(event, "retrying"));
    ASSERT_EQ(api.request("DELETE", "/subscriptions/" + subscription.id).status, 204);
    EXPECT_EQ(state_of(sql, event), "cancelled");
    EXPECT_EQ(attempts_of(sql, event).size(), 1U) << "history stays";
    EXPECT_EQ(value(sql, "SELECT count(*) FROM moai.delivery WHERE due_at IS NOT NULL"), "0");
}

TEST_F(Retrying, ANewUrlIsUsedByTheNextRetry) {
    receiver.on("/old", Answer{.status = 500});
    const auto subscription = subscribe(sql, receiver.url("/old"), "retry_base => '1 s', retry_jitter => 0");
    const std::string event = publish(sql);
    ASSERT_TRUE(receiver.wait_for(1, 10s));
    const auto patched =
        api.request("PATCH", "/subscriptions/" + subscription.id, R"({"url":")" + receiver.url("/new") + R"("})");
    ASSERT_EQ(patched.status, 200) << patched.body;
    ASSERT_TRUE(reaches(event, "delivered"));
    EXPECT_EQ(receiver.requests("/old").size(), 1U);
    ASSERT_EQ(receiver.requests("/new").size(), 1U);
    EXPECT_EQ(receiver.requests("/new").front().header("moai-attempt"), "2");
}

}  // namespace
}  // namespace moai::test
