// Receivers of every bad kind: each request ends in time with a named error, and a good receiver beside them is served.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>

#include "support/eventually.hpp"
#include "support/fake_receiver.hpp"
#include "support/moai_process.hpp"
#include "support/moai_sql.hpp"
#include "support/own_cluster.hpp"
#include "support/test_database.hpp"

namespace moai::test {
namespace {

using namespace std::chrono_literals;
using Behaviour = Answer::Behaviour;

constexpr std::int64_t kTimeoutUs = 2'000'000;

struct BadKind {
    std::string name;
    Answer answer;
    std::string error_class;
    int http_status;
};

std::vector<BadKind> bad_kinds() {
    return {
        {"hangs after the request", {.behaviour = Behaviour::hang_after_request}, "timeout", 0},
        {"hangs after the headers", {.body = "x", .behaviour = Behaviour::hang_after_headers}, "timeout", 200},
        {"drips bytes",
         {.body = std::string(1000, 'x'), .behaviour = Behaviour::drip, .drip_gap = 10ms},
         "timeout",
         200},
        {"drips its body",
         {.body = std::string(1000, 'x'), .behaviour = Behaviour::drip_body, .drip_gap = 10ms},
         "timeout",
         200},
        {"sends garbage",
         {.body = "\x01\x02 this is no HTTP\r\n\r\n", .behaviour = Behaviour::garbage},
         "invalid_response",
         0},
        {"sends headers without end", {.behaviour = Behaviour::endless_headers}, "invalid_response", 200},
        {"sends a header without end", {.behaviour = Behaviour::endless_line}, "invalid_response", 200},
        {"closes mid-body", {.body = "half", .behaviour = Behaviour::close_mid_body}, "connection_lost", 200},
        {"closes without an answer", {.behaviour = Behaviour::close_without_answer}, "connection_lost", 0},
        {"redirects", {.status = 302, .headers = {{"Location", "http://127.0.0.1:1/elsewhere"}}}, "http_status", 302},
        {"refuses", {.status = 400, .body = "no"}, "http_status", 400},
    };
}

struct BadReceivers : ::testing::Test {
    TestDatabase database{own_cluster().url()};
    FakeReceiver bad, good, deaf, full;
    pg::Connection sql{database.admin_url(), "test"};
    MoaiProcess worker{server("work", database.url())};

    std::string subscribe_once(const std::string& url) {
        return subscribe(sql, url, "timeout => '2 s', max_attempts => 1").id;
    }
    void expect_ended(const std::string& name, const std::string& subscription, const std::string& error_class,
                      int http_status) {
        std::string line;
        ASSERT_TRUE(eventually(
            [&] {
                const pg::Result row = sql.query(
                    "SELECT error_class, coalesce(http_status, 0), total_us, terminal_state, error_detail FROM "
                    "moai.attempt WHERE subscription_id = $1",
                    {subscription});
                if (row.rows() == 0) {
                    return false;
                }
                EXPECT_EQ(row.text(0, 0), error_class) << name << ": " << row.text(0, 4);
                EXPECT_EQ(row.text(0, 1), std::to_string(http_status)) << name;
                EXPECT_LT(std::stoll(std::string(row.text(0, 2))), kTimeoutUs + 500'000)
                    << name << " outlived its timeout";
                EXPECT_EQ(row.text(0, 3), "dead") << name;
                EXPECT_NE(row.text(0, 4), "") << name;
                return true;
            },
            15s))
            << name << " has no attempt\n"
            << worker.err();
    }
};

TEST_F(BadReceivers, EachEndsWithinItsTimeoutWithANamedErrorWhileAGoodOneIsServed) {
    worker.await("worker listening");
    deaf.stop_accepting();
    full.stop_accepting_with_full_queue();
    std::vector<std::string> subscriptions;
    const auto kinds = bad_kinds();
    for (std::size_t i = 0; i < kinds.size(); ++i) {
        const std::string path = fmt::format("/{}", i);
        bad.on(path, kinds[i].answer);
        subscriptions.push_back(subscribe_once(bad.url(path)));
    }
    const std::string to_deaf = subscribe_once(deaf.url());
    const std::string to_full = subscribe_once(full.url());
    const std::string to_nobody = subscribe_once("http://127.0.0.1:1/");
    const std::string to_nowhere = subscribe_once("http://no-such-host.invalid/");
    const std::string to_plain_text_by_tls = subscribe_once(fmt::format("https://127.0.0.1:{}/", bad.port()));
    static_cast<void>(subscribe(sql, good.url()));

    // While the bad ones hang, an event each 100 ms reaches the good one without waiting for them.
    const std::string first = publish(sql);
    ASSERT_TRUE(good.wait_for(1, 5s));
    ASSERT_EQ(state_of(sql, first).empty(), false);
    sql.query(
        "SELECT count(*) FROM (SELECT moai.pause_subscription(id) FROM moai.subscription WHERE max_attempts = 1) AS p");
    for (std::size_t i = 2; i <= 11; ++i) {
        const auto published = std::chrono::steady_clock::now();
        publish(sql);
        ASSERT_TRUE(good.wait_for(i, 5s));
        EXPECT_LT(good.requests().back().arrived_at - published, 1500ms) << "the good receiver waited for the bad ones";
    }

    for (std::size_t i = 0; i < kinds.size(); ++i) {
        expect_ended(kinds[i].name, subscriptions[i], kinds[i].error_class, kinds[i].http_status);
    }
    expect_ended("never accepts", to_deaf, "timeout", 0);
    expect_ended("has a full queue", to_full, "connect_timeout", 0);
    expect_ended("is not there", to_nobody, "connect", 0);
    expect_ended("has no address", to_nowhere, "dns", 0);
    expect_ended("speaks no TLS", to_plain_text_by_tls, "tls", 0);
}

TEST_F(BadReceivers, ABodyWithoutALengthIsWholeHoweverTheConnectionEnds) {
    bad.on("/rude", Answer{.body = "ok", .behaviour = Behaviour::reset_at_end});
    static_cast<void>(subscribe_once(bad.url("/rude")));
    const std::string event = publish(sql);
    ASSERT_TRUE(eventually([&] { return attempts_of(sql, event).size() == 1; })) << worker.err();
    EXPECT_EQ(attempts_of(sql, event)[0].http_status, 200);
    EXPECT_EQ(state_of(sql, event), "delivered");
}

TEST_F(BadReceivers, AGigabyteOfBodyIsNeitherReadNorStored) {
    bad.on("/big", Answer{.behaviour = Behaviour::endless_body});
    const std::string subscription = subscribe_once(bad.url("/big"));
    const std::string event = publish(sql);
    ASSERT_TRUE(eventually([&] { return attempts_of(sql, event).size() == 1; })) << worker.err();
    EXPECT_LT(attempts_of(sql, event)[0].total_us, kTimeoutUs);
    EXPECT_EQ(attempts_of(sql, event)[0].http_status, 200);
    EXPECT_EQ(state_of(sql, event), "delivered") << "a 2xx is a success, whatever follows";
    EXPECT_LE(number(sql, "SELECT octet_length(response_body) FROM moai.attempt"), 16 * 1024);
    ASSERT_TRUE(bad.wait_for_open_at_most(0, 5s)) << "the connection that still brings bytes is closed";
    EXPECT_LT(bad.bytes_sent(), 64U << 20U);
}

}  // namespace
}  // namespace moai::test
