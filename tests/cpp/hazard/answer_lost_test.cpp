// The server has committed, and the network loses its answer: to a publisher, to a claim, to results.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "store/base64.hpp"
#include "support/database_proxy.hpp"
#include "support/eventually.hpp"
#include "support/fake_receiver.hpp"
#include "support/json_text.hpp"
#include "support/moai_process.hpp"
#include "support/moai_sql.hpp"
#include "support/raw_client.hpp"
#include "support/rest_client.hpp"
#include "support/test_database.hpp"

namespace moai::test {
namespace {

using namespace std::chrono_literals;

struct AnswerLost : ::testing::Test {
    TestDatabase database;
    DatabaseProxy network{database.url()};
    FakeReceiver receiver;
    pg::Connection sql{database.url(), "test"};

    std::string stored_events() { return value(sql, "SELECT count(*) FROM moai.event"); }
};

TEST_F(AnswerLost, ToAPublisherIsAnUnknownOutcomeAndTheSameKeyTellsTheEventsId) {
    MoaiProcess moai(server("serve", network.url()));
    RestClient client(api_port(moai));
    const std::string event = R"({"type":"a","payload":"paid","idempotency_key":"order-1"})";
    network.lose_the_answer_to("paid");
    const auto unheard = client.post("/events", event);
    EXPECT_EQ(unheard.status, 503) << unheard.body;
    EXPECT_EQ(json_at(unheard.body, "/code"), "outcome_unknown");
    EXPECT_EQ(network.lost(), 1);
    EXPECT_EQ(stored_events(), "1") << "it is committed";

    const auto heard = client.post("/events", event);
    EXPECT_EQ(heard.status, 202) << heard.body;
    EXPECT_EQ(json_at(heard.body, "/duplicate"), "true");
    EXPECT_EQ(json_at(heard.body, "/id"), value(sql, "SELECT id FROM moai.event"));
    EXPECT_EQ(stored_events(), "1");
}

TEST_F(AnswerLost, ToAGroupOfPublishersIsUnknownToThemAloneAndTheirKeysTellTheirOwnEventsIds) {
    constexpr std::size_t kPublishers = 24;
    constexpr std::size_t kUnheard = kPublishers / 2;
    MoaiProcess moai(server("serve", network.url()));
    const std::uint16_t port = api_port(moai);
    const auto event = [](std::size_t n) {
        return R"({"type":"a","payload":)" + std::to_string(n) + R"(,"idempotency_key":"order-)" + std::to_string(n) +
               R"("})";
    };
    std::vector<RawClient> publishers;
    const auto post = [&](std::size_t n) { publishers.emplace_back(port).send(post_request("/events", event(n))); };
    // Both publishing threads are stuck with one event each, so that the others wait and go together.
    pg::Connection holder(database.admin_url(), "holder");
    holder.script("BEGIN; LOCK TABLE moai_private.event IN SHARE MODE");
    for (std::size_t n = 0; n < 2; ++n) {
        post(n);
        ASSERT_TRUE(eventually([&] { return stuck_publishing_threads(sql) == static_cast<int>(n) + 1; }));
    }
    network.lose_the_answer_to("order-" + std::to_string(kUnheard));
    for (std::size_t n = 2; n < kPublishers; ++n) {
        post(n);
    }
    ASSERT_TRUE(eventually([&] { return has_read_everything(port); }));
    holder.script("COMMIT");
    std::size_t unknown = 0;
    for (std::size_t n = 0; n < kPublishers; ++n) {
        const RawResponse answer = publishers[n].receive().value_or(RawResponse{});
        const bool is_unknown = answer.status == 503 && json_at(answer.body, "/code") == "outcome_unknown";
        EXPECT_TRUE(answer.status == 202 || is_unknown) << answer.body;
        EXPECT_TRUE(is_unknown || n != kUnheard) << answer.body;
        unknown += is_unknown ? 1 : 0;
    }
    EXPECT_EQ(network.lost(), 1);
    EXPECT_GE(unknown, 2U) << "it was not alone";
    EXPECT_LE(unknown, kPublishers - 2) << "the first two were told";
    EXPECT_EQ(stored_events(), std::to_string(kPublishers));
    RestClient client(port);
    for (std::size_t n = 0; n < kPublishers; ++n) {
        const auto again = client.post("/events", event(n));
        ASSERT_EQ(again.status, 202) << again.body;
        EXPECT_EQ(json_at(again.body, "/duplicate"), "true");
        EXPECT_EQ(value(sql, "SELECT payload::text FROM moai.event WHERE id = $1", {json_at(again.body, "/id")}),
                  std::to_string(n));
    }
    EXPECT_EQ(stored_events(), std::to_string(kPublishers));
}

TEST_F(AnswerLost, ToAClaimDeliversWhenItsLeaseHasEnded) {
    static_cast<void>(subscribe(sql, receiver.url(), "format => 'raw', timeout => '1 s'"));
    MoaiProcess moai(server("work", network.url()));
    moai.await("worker listening");
    network.lose_the_answer_with("claimed unheard");
    const std::string event = publish(sql, R"("claimed unheard")");
    ASSERT_TRUE(receiver.wait_for(1, 25s)) << moai.err();
    EXPECT_EQ(network.lost(), 1);
    ASSERT_TRUE(eventually([&] { return state_of(sql, event) == "delivered"; }));
    EXPECT_EQ(receiver.count(), 1U);
    EXPECT_EQ(attempts_of(sql, event).size(), 1U);
    // The lease is the timeout and 13 s: see moai_private.lease_length.
    const auto waited_us = attempts_of(sql, event).front().started_at_us -
                           number(sql, "SELECT (extract(epoch FROM published_at) * 1000000)::bigint FROM moai.event");
    EXPECT_LE(waited_us, 15'000'000) << "more than a second after the lease's end";
}

TEST_F(AnswerLost, ToResultsRecordsThemOnceAndSendsNothingTwice) {
    static_cast<void>(subscribe(sql, receiver.url()));
    receiver.on("/", [](const ReceivedRequest&, std::size_t) { return Answer{.status = 200, .body = "thank you"}; });
    MoaiProcess moai(server("work", network.url()));
    moai.await("worker listening");
    network.lose_the_answer_to(store::to_base64("thank you"));
    const std::string unheard = publish(sql);
    ASSERT_TRUE(eventually([&] { return network.lost() == 1; }));
    EXPECT_EQ(state_of(sql, unheard), "delivered");
    // Results are recorded in their order: the repeated ones went before this one's.
    const std::string next = publish(sql);
    ASSERT_TRUE(eventually([&] { return state_of(sql, next) == "delivered"; })) << moai.err();
    EXPECT_EQ(receiver.count(), 2U);
    ASSERT_EQ(attempts_of(sql, unheard).size(), 1U);
    EXPECT_FALSE(attempts_of(sql, unheard).front().is_orphan);
}

TEST_F(AnswerLost, ToAFailuresResultSchedulesOneRetryAndSpendsOneTry) {
    static_cast<void>(subscribe(sql, receiver.url(), "max_attempts => 3, retry_base => '1 s', retry_jitter => 0"));
    receiver.on("/", [](const ReceivedRequest&, std::size_t nth) {
        return nth == 1 ? Answer{.status = 500, .body = "sorry"} : Answer{.status = 200};
    });
    MoaiProcess moai(server("work", network.url()));
    moai.await("worker listening");
    network.lose_the_answer_to(store::to_base64("sorry"));
    const std::string event = publish(sql);
    ASSERT_TRUE(eventually([&] { return state_of(sql, event) == "delivered"; })) << moai.err();
    EXPECT_EQ(network.lost(), 1);
    EXPECT_EQ(receiver.count(), 2U);
    const auto attempts = attempts_of(sql, event);
    ASSERT_EQ(attempts.size(), 2U);
    EXPECT_EQ(attempts[0].number, 1);
    EXPECT_EQ(attempts[0].http_status, 500);
    EXPECT_FALSE(attempts[0].is_orphan);
    EXPECT_EQ(attempts[1].number, 2);
    EXPECT_GE(attempts[1].started_at_us, attempts[0].next_due_at_us) << "never early";
}

}  // namespace
}  // namespace moai::test
