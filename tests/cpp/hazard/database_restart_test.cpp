// PostgreSQL crashes under load: the API says so, everything reconnects, and what was acknowledged arrives.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <mutex>
#include <set>
#include <thread>

#include "support/eventually.hpp"
#include "support/fake_receiver.hpp"
#include "support/json_text.hpp"
#include "support/moai_process.hpp"
#include "support/moai_sql.hpp"
#include "support/rest_client.hpp"
#include "support/test_cluster.hpp"
#include "support/test_database.hpp"

namespace moai::test {
namespace {

using namespace std::chrono_literals;

/// Publishers by REST, each event with a key of its own and repeated until it is acknowledged.
class Load {
public:
    Load(std::uint16_t port, int publishers) {
        for (int publisher = 0; publisher < publishers; ++publisher) {
            threads_.emplace_back([this, port, publisher](const std::stop_token& stop) { run(port, publisher, stop); });
        }
    }

    [[nodiscard]] std::set<std::string> acknowledged() const {
        const std::lock_guard lock(mutex_);
        return acknowledged_;
    }
    /// Answers other than 202, as "status code".
    [[nodiscard]] std::multiset<std::string> refusals() const {
        const std::lock_guard lock(mutex_);
        return refusals_;
    }
    [[nodiscard]] int without_retry_after() const { return without_retry_after_; }
    /// Ends when each publisher has its last event acknowledged.
    void stop() { threads_.clear(); }

private:
    void run(std::uint16_t port, int publisher, const std::stop_token& stop) {
        RestClient client(port);
        for (int event = 0; !stop.stop_requested(); ++event) {
            const std::string key = std::to_string(publisher) + "-" + std::to_string(event);
            while (!publish(client, key)) {
                // A client that is told to wait; shorter than told, to press harder.
                std::this_thread::sleep_for(10ms);
            }
        }
    }

    bool publish(RestClient& client, const std::string& key) {
        const auto answer = client.try_request("POST", "/events", R"({"type":"a","payload":")" + key + "\"}",
                                               {{"Idempotency-Key", key}});
        const std::lock_guard lock(mutex_);
        if (answer && answer->status == 202) {
            acknowledged_.insert(json_at(answer->body, "/id"));
            return true;
        }
        refusals_.insert(answer ? std::to_string(answer->status) : "no answer");
        if (answer && answer->status == 503 && !answer->headers.contains("retry-after")) {
            ++without_retry_after_;
        }
        return false;
    }

    mutable std::mutex mutex_;
    std::set<std::string> acknowledged_;
    std::multiset<std::string> refusals_;
    std::atomic<int> without_retry_after_{0};
    std::vector<std::jthread> threads_;
};

TEST(DatabaseRestart, LosesNothingThatWasAcknowledgedAndIsAnsweredWith503Meanwhile) {
    TestCluster cluster({.durable = true});
    TestDatabase database(cluster.url());
    FakeReceiver receiver;
    {
        pg::Connection sql(database.admin_url(), "test");
        static_cast<void>(subscribe(sql, receiver.url(), "timeout => '1 s'"));
    }
    MoaiProcess moai(server("run", database.url()));
    const auto port = api_port(moai);
    moai.await("worker listening");
    Load load(port, 8);

    for (int crash = 1; crash <= 2; ++crash) {
        const auto before = load.acknowledged().size();
        ASSERT_TRUE(eventually([&] { return load.acknowledged().size() > before + 100; }));
        cluster.stop(TestCluster::StopMode::immediate);
        const auto refused = load.refusals().count("503");
        ASSERT_TRUE(eventually([&] { return load.refusals().count("503") > refused + 20; })) << moai.err();
        RestClient probe(port);
        EXPECT_EQ(probe.request("GET", "/health/live").status, 200);
        EXPECT_EQ(probe.request("GET", "/health/ready").status, 503);
        const auto answer = probe.post("/events", R"({"type":"a","payload":"probe","idempotency_key":"probe"})");
        EXPECT_EQ(answer.status, 503);
        EXPECT_TRUE(answer.headers.contains("retry-after"));
        EXPECT_EQ(answer.headers.at("content-type"), "application/problem+json");
        cluster.start();
    }
    const auto after_last = load.acknowledged().size();
    ASSERT_TRUE(eventually([&] { return load.acknowledged().size() > after_last + 100; })) << moai.err();
    load.stop();
    EXPECT_EQ(load.without_retry_after(), 0);
    for (const std::string& refusal : load.refusals()) {
        EXPECT_EQ(refusal, "503");
    }

    const auto acknowledged = load.acknowledged();
    const auto missing = [&] {
        std::set<std::string> left = acknowledged;
        for (const ReceivedRequest& request : receiver.requests()) {
            left.erase(request.header("webhook-id"));
        }
        return left.size();
    };
    // Claims and results commit asynchronously: what the crash forgot is delivered again once its lease (14 s) has
    // ended.
    EXPECT_TRUE(eventually([&] { return missing() == 0; }, 25s))
        << missing() << " of " << acknowledged.size() << " lost";
    pg::Connection sql(database.admin_url(), "test");
    EXPECT_TRUE(eventually([&] { return value(sql, "SELECT count(*) FROM moai_private.delivery") == "0"; }, 25s));
    EXPECT_GE(receiver.distinct_deliveries(), acknowledged.size());
    EXPECT_EQ(value(sql, "SELECT count(*) FROM moai.event"), std::to_string(acknowledged.size()))
        << "a key repeated after an unknown outcome finds its first event";
    moai.send(SIGTERM);
    EXPECT_EQ(moai.wait(), 0) << moai.err();
}

}  // namespace
}  // namespace moai::test
