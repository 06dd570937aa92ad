// Publishing through the running program: the design's own line, transactions, idempotency keys.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <set>
#include <thread>
#include <vector>

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
using ::testing::HasSubstr;

struct Publishing : ::testing::Test {
    TestDatabase database;
    FakeReceiver receiver;
    MoaiProcess moai{server("run", database.url())};
    std::uint16_t port = api_port(moai);
    pg::Connection sql{database.url(), "test"};
    TestSubscription subscription = subscribe(sql, receiver.url(), "format => 'raw'");

    std::string stored_events() { return value(sql, "SELECT count(*) FROM moai.event"); }
};

/// What a shell prints for `command`.
std::string shell(const std::string& command) {
    std::string output;
    FILE* pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) {
        return "no shell";
    }
    std::array<char, 4096> buffer{};
    for (std::size_t got = 0; (got = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
        output.append(buffer.data(), got);
    }
    ::pclose(pipe);
    return output;
}

TEST_F(Publishing, TheCurlLineOfTheDesignIsAcceptedAndDelivered) {
    const std::string line =
        R"(curl -X POST http://localhost:3000/events -H "Content-Type: application/json" -d '{"type": "user.created", "payload": {"userId": "123"}}')";
    std::string mine = line;
    mine.replace(mine.find("3000"), 4, std::to_string(port));
    const std::string answer = shell(mine + R"( -s -w '\n%{http_code}')");
    ASSERT_TRUE(answer.ends_with("\n202")) << answer;
    ASSERT_TRUE(receiver.wait_for(1, 10s));
    EXPECT_EQ(receiver.requests().front().body, R"({"userId": "123"})");
    EXPECT_EQ(receiver.requests().front().header("webhook-id"), json_at(answer.substr(0, answer.rfind('\n')), "/id"));
}

TEST_F(Publishing, WhatIsRolledBackIsNotDelivered) {
    sql.script(R"(BEGIN; SELECT moai.publish('a', '"rolled back"'); ROLLBACK)");
    sql.script(
        R"(BEGIN; SAVEPOINT s; SELECT moai.publish('a', '"savepoint"'); ROLLBACK TO s; SELECT moai.publish('a', '"kept"'); COMMIT)");
    ASSERT_TRUE(receiver.wait_for(1, 10s));
    // Due times are served in their order: what was published before this one would have come before it.
    sql.script(R"(SELECT moai.publish('a', '"last"'))");
    ASSERT_TRUE(receiver.wait_for(2, 10s));
    EXPECT_EQ(receiver.requests()[0].body, R"("kept")");
    EXPECT_EQ(receiver.requests()[1].body, R"("last")");
    EXPECT_EQ(receiver.count(), 2U);
    EXPECT_EQ(stored_events(), "2");
}

TEST_F(Publishing, EveryIsolationLevelDelivers) {
    for (const std::string level : {"READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"}) {
        receiver.clear();
        sql.script("BEGIN ISOLATION LEVEL " + level + "; SELECT moai.publish('a', '\"" + level + "\"'); COMMIT");
        ASSERT_TRUE(receiver.wait_for(1, 10s)) << level;
        EXPECT_EQ(receiver.requests().front().body, '"' + level + '"');
    }
}

TEST_F(Publishing, SerializablePublishersOfDistinctKeysNeverFail) {
    constexpr int kPublishers = 8;
    constexpr int kEach = 250;
    sql.query("SELECT moai.delete_subscription($1)", {subscription.id});
    std::array<std::string, kPublishers> errors;
    {
        std::vector<std::jthread> publishers;
        for (int publisher = 0; publisher < kPublishers; ++publisher) {
            publishers.emplace_back([&, publisher] {
                try {
                    pg::Connection own(database.url(), "publisher");
                    own.script("SET default_transaction_isolation = serializable");
                    for (int i = 0; i < kEach; ++i) {
                        const std::string key = std::to_string(publisher) + "-" + std::to_string(i);
                        own.query("SELECT moai.publish('a', '{}', $1)", {key});
                    }
                } catch (const std::exception& error) {
                    errors[static_cast<std::size_t>(publisher)] = error.what();
                }
            });
        }
    }
    EXPECT_THAT(errors, ::testing::Each(""));
    EXPECT_EQ(stored_events(), std::to_string(kPublishers * kEach));
}

TEST_F(Publishing, TwentyClientsWithOneKeyPublishOneEventAndAllLearnItsId) {
    constexpr std::size_t kClients = 20;
    std::array<RawResponse, kClients> answers;
    {
        std::vector<std::jthread> clients;
        for (RawResponse& answer : answers) {
            clients.emplace_back([&] {
                answer = RestClient(port)
                             .try_request("POST", "/events", R"({"type":"a","payload":{"n":1}})",
                                          {{"Idempotency-Key", "one"}})
                             .value_or(RawResponse{});
            });
        }
    }
    std::set<std::string> ids;
    int originals = 0;
    for (const RawResponse& answer : answers) {
        ASSERT_EQ(answer.status, 202) << answer.body;
        ids.insert(json_at(answer.body, "/id"));
        originals += json_at(answer.body, "/duplicate") == "false" ? 1 : 0;
    }
    EXPECT_EQ(ids.size(), 1U);
    EXPECT_EQ(originals, 1);
    EXPECT_EQ(stored_events(), "1");
    ASSERT_TRUE(receiver.wait_for(1, 10s));
    EXPECT_EQ(receiver.requests().front().header("webhook-id"), *ids.begin());
}

TEST_F(Publishing, OneKeyWithOtherContentIsAConflictAndTheFirstEventStands) {
    RestClient client(port);
    const auto first = client.post("/events", R"({"type":"a","payload":1,"idempotency_key":"k"})");
    ASSERT_EQ(first.status, 202) << first.body;
    for (const char* other :
         {R"({"type":"a","payload":2,"idempotency_key":"k"})", R"({"type":"b","payload":1,"idempotency_key":"k"})"}) {
        const auto conflict = client.post("/events", other);
        EXPECT_EQ(conflict.status, 409) << conflict.body;
        EXPECT_THAT(conflict.headers.at("content-type"), HasSubstr("application/problem+json"));
        EXPECT_EQ(json_at(conflict.body, "/code"), "MO409");
    }
    const auto repeated = client.post("/events", R"({"type":"a","payload":1,"idempotency_key":"k"})");
    EXPECT_EQ(json_at(repeated.body, "/id"), json_at(first.body, "/id"));
    EXPECT_EQ(json_at(repeated.body, "/duplicate"), "true");
    ASSERT_TRUE(receiver.wait_for(1, 10s));
    EXPECT_EQ(receiver.requests().front().body, "1");
    EXPECT_EQ(stored_events(), "1");
}

TEST_F(Publishing, AKeyThatAnOpenTransactionHoldsIsAnsweredAloneAndDelaysNobodyElse) {
    pg::Connection holder(database.url(), "holder");
    holder.script("BEGIN; SELECT moai.publish('a', '1', idempotency_key => 'held')");
    constexpr std::size_t kAskers = 20;  // more than there are threads for requests that wait, and than all threads
    std::atomic<int> answered{0};
    std::vector<std::jthread> askers;
    std::array<RawResponse, kAskers> answers;
    for (RawResponse& answer : answers) {
        askers.emplace_back([this, &answer, &answered] {
            RestClient client(port);
            answer = client.post("/events", R"({"type":"a","payload":1})", {{"Idempotency-Key", "held"}});
            ++answered;
        });
    }
    RestClient client(port);
    int others = 0;
    // Whoever waited behind one of them would not be answered before it.
    while (answered == 0) {
        const auto single = client.post(
            "/events", R"({"type":"a","payload":2,"idempotency_key":"n)" + std::to_string(others) + R"("})");
        ASSERT_EQ(single.status, 202) << single.body;
        ASSERT_EQ(client.post("/events", R"([{"type":"a","payload":3}])").status, 202);
        ASSERT_EQ(client.request("GET", "/events/" + json_at(single.body, "/id")).status, 200);
        ++others;
    }
    EXPECT_GT(others, 10) << "each of them would have waited as long as those of the held key";
    askers.clear();
    for (const RawResponse& answer : answers) {
        EXPECT_EQ(answer.status, 409) << answer.body;
        EXPECT_THAT(answer.body, HasSubstr("idempotency_key_in_use"));
    }
    holder.script("COMMIT");
    const auto after = client.post("/events", R"({"type":"a","payload":1})", {{"Idempotency-Key", "held"}});
    EXPECT_EQ(json_at(after.body, "/duplicate"), "true") << after.body;
}

TEST_F(Publishing, AKeyThatComesFreeInTimeGivesTheFirstEventsId) {
    pg::Connection holder(database.url(), "holder");
    holder.script("BEGIN");
    const std::string first = value(holder, "SELECT moai.publish('a', '1', idempotency_key => 'soon free')");
    RawResponse answer;
    std::jthread asker([this, &answer] {
        RestClient client(port);
        answer = client.post("/events", R"({"type":"a","payload":1})", {{"Idempotency-Key", "soon free"}});
    });
    ASSERT_TRUE(eventually([&] {
        return value(sql,
                     "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'moai api' AND wait_event = "
                     "'transactionid' AND query LIKE '%moai_rest.publish(%'") == "1";
    })) << "it waits by itself";
    holder.script("COMMIT");
    asker.join();
    EXPECT_EQ(answer.status, 202) << answer.body;
    EXPECT_EQ(json_at(answer.body, "/id"), first);
    EXPECT_EQ(json_at(answer.body, "/duplicate"), "true");
}

TEST_F(Publishing, WhatComesTogetherIsPublishedTogetherAndEachIsAnsweredForItself) {
    std::vector<std::jthread> clients;
    std::atomic<int> good{0}, bad{0};
    for (int n = 0; n < 16; ++n) {
        clients.emplace_back([this, n, &good, &bad] {
            RestClient client(port);
            pg::Connection mine(database.url(), "test");
            for (int i = 0; i < 50; ++i) {
                const std::string payload = std::to_string(n * 1000 + i);
                const bool spoilt = i % 10 == 0;
                const auto answer = client.post("/events", R"({"type":")" + std::string(spoilt ? "no type" : "a") +
                                                               R"(","payload":)" + payload + "}");
                if (spoilt) {
                    bad += answer.status == 422 && answer.body.find("no type") != std::string::npos ? 1 : 0;
                } else if (answer.status == 202) {
                    good += value(mine, "SELECT payload::text FROM moai.event WHERE id = '" +
                                            json_at(answer.body, "/id") + "'") == payload
                                ? 1
                                : 0;
                }
            }
        });
    }
    clients.clear();
    EXPECT_EQ(good, 16 * 45) << "an id that is not its payload's, or not committed when it was answered";
    EXPECT_EQ(bad, 16 * 5);
    EXPECT_EQ(stored_events(), std::to_string(16 * 45));
}

TEST_F(Publishing, ADeadlockBetweenAGroupAndAnOpenTransactionIsRepeatedUntilTheFirstEventsIdIsKnown) {
    pg::Connection holder(database.admin_url(), "holder");
    // Whoever looks for the deadlock is its victim: not this one.
    holder.script("SET deadlock_timeout = '60s'; BEGIN; LOCK TABLE moai_private.event IN SHARE MODE");
    RawResponse answer;
    std::jthread asker([this, &answer] {
        RestClient client(port);
        answer = client.post("/events", R"({"type":"a","payload":1})", {{"Idempotency-Key", "crossed"}});
    });
    ASSERT_TRUE(eventually([&] { return stuck_publishing_threads(sql) == 1; }))
        << "it has the key and waits for the table";
    const std::string first = value(holder, "SELECT moai.publish('a', '1', idempotency_key => 'crossed')");
    holder.script("COMMIT");
    asker.join();
    EXPECT_EQ(answer.status, 202) << answer.body;
    EXPECT_EQ(json_at(answer.body, "/id"), first);
    EXPECT_EQ(json_at(answer.body, "/duplicate"), "true");
    RestClient client(port);
    EXPECT_TRUE(eventually([&] {
        client.post("/events", R"({"type":"a","payload":2})");  // a session tells what it counted when it is used again
        return number(sql, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") > 0;
    })) << "nothing was repeated";
}

TEST_F(Publishing, ThatIsStuckInEveryThreadHoldsUpNeitherHealthNorReadersAndEndsWhenItCan) {
    constexpr std::size_t kPublishers = 64;
    pg::Connection holder(database.admin_url(), "holder");
    holder.script("BEGIN; LOCK TABLE moai_private.event IN SHARE MODE");
    std::vector<RawClient> publishers;
    const auto post = [&] {
        publishers.emplace_back(port).send(post_request("/events", R"({"type":"a","payload":1})"));
    };
    const auto stuck = [&](int threads) {
        return eventually([&] { return stuck_publishing_threads(sql) == threads; });
    };
    // One by itself, because all at once might be one group.
    post();
    ASSERT_TRUE(stuck(1));
    while (publishers.size() < kPublishers) {
        post();
    }
    ASSERT_TRUE(stuck(2)) << "two threads publish groups";
    RestClient client(port);
    for (const char* path : {"/health", "/health/live", "/health/ready", "/metrics", "/subscriptions"}) {
        EXPECT_EQ(client.request("GET", path).status, 200) << path;
    }
    holder.script("COMMIT");
    for (RawClient& publisher : publishers) {
        EXPECT_EQ(publisher.receive().value_or(RawResponse{}).status, 202);
    }
    EXPECT_EQ(stored_events(), std::to_string(kPublishers));
}

TEST_F(Publishing, AnExpiredKeyIsANewEvent) {
    RestClient client(port);
    const std::string event = R"({"type":"a","payload":1,"idempotency_key":"k"})";
    const std::string first = json_at(client.post("/events", event).body, "/id");
    pg::Connection(database.admin_url(), "test")
        .script("UPDATE moai_private.idempotency_key SET expires_at = now() - interval '1 s'");
    const auto again = client.post("/events", event);
    ASSERT_EQ(again.status, 202) << again.body;
    EXPECT_EQ(json_at(again.body, "/duplicate"), "false");
    EXPECT_NE(json_at(again.body, "/id"), first);
    EXPECT_TRUE(receiver.wait_for(2, 10s));
}

}  // namespace
}  // namespace moai::test
