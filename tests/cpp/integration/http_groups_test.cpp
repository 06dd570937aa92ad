// Requests that are answered several at once: who goes with whom, whose answer is whose, and who waits for nobody.
// Holds http/connection_group.cpp and http/server_core.cpp to what they promise of groups.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "http/server.hpp"
#include "support/eventually.hpp"
#include "support/raw_client.hpp"

namespace moai::http {
namespace {

using namespace std::chrono_literals;
using test::RawClient;
using test::RawResponse;

std::string post(std::string_view body) {
    return "POST /group HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           std::string(body);
}
constexpr std::string_view kGet = "GET /other HTTP/1.1\r\nHost: localhost\r\n\r\n";
constexpr std::string_view kProbe = "GET /probe HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A server with one thread for groups, one for those that wait and one for handlers; a body of "wait" holds its thread
/// until the gate is open.
class HttpGroups : public ::testing::Test {
public:
    void SetUp() override { start({}); }

    void start(ServerOptions options) {
        server.reset();
        options.listen = {"127.0.0.1", 0};
        options.threads = 1;
        options.io_threads = 1;  // which reads what comes first first
        options.group_threads = 1;
        options.waiting_threads = 1;
        options.goes_in_group = [](const api::Request& request) { return request.path == "/group"; };
        options.answers_at_once = [](const api::Request& request) { return request.path == "/probe"; };
        server = std::make_unique<Server>(
            std::move(options),
            [this](const api::Request& request) {
                if (request.path != "/probe" && (request.body == "wait alone" || request.body == "held")) {
                    wait();
                }
                return api::Response{200, "text/plain", "alone " + request.body, {}};
            },
            [this](std::span<const api::Request* const> group) { return answer(group); });
        server->start();
    }

    std::vector<api::GroupAnswer> answer(std::span<const api::Request* const> group) {
        std::vector<std::string> bodies;
        std::vector<api::GroupAnswer> answers(group.size());
        for (std::size_t i = 0; i < group.size(); ++i) {
            const std::string& body = group[i]->body;
            bodies.push_back(body);
            if (body == "held") {
                answers[i].if_too_many_wait = [] { return api::Response{409, "text/plain", "held", {}}; };
            } else if (!body.ends_with("alone")) {
                answers[i].response = api::Response{202, "text/plain", "group " + body, {}};
            }
        }
        {
            const std::lock_guard lock(mutex);
            groups.push_back(bodies);
        }
        ++begun;
        if (bodies.front() == "wait") {
            wait();
        }
        if (bodies.front() == "throw") {
            throw std::runtime_error("secret text");
        }
        if (bodies.front() == "forget") {
            answers.pop_back();
        }
        return answers;
    }

    void wait() {
        ++at_gate;
        opened.wait();
    }

    std::unique_ptr<RawClient> send(std::string_view bytes) {
        auto client = std::make_unique<RawClient>(server->port());
        client->send(bytes);
        return client;
    }
    /// Returns once the only thread of the groups is at the gate.
    std::unique_ptr<RawClient> occupy_the_groups() {
        auto client = send(post("wait"));
        EXPECT_TRUE(test::eventually([&] { return at_gate == 1; }));
        return client;
    }
    /// Returns once the only other thread is at the gate.
    std::unique_ptr<RawClient> occupy_the_handler() {
        auto client = send(post("wait alone"));
        EXPECT_TRUE(test::eventually([&] { return at_gate == 1; }));
        return client;
    }

    void open_gate() {
        if (!std::exchange(gate_is_open, true)) {
            gate.set_value();
        }
    }

    void TearDown() override {
        open_gate();
        server.reset();
    }

    static RawResponse received(const std::unique_ptr<RawClient>& client) {
        return client->receive().value_or(RawResponse{});
    }

    std::promise<void> gate;
    std::shared_future<void> opened{gate.get_future()};
    bool gate_is_open = false;
    std::atomic<int> at_gate{0}, begun{0};
    std::mutex mutex;
    std::vector<std::vector<std::string>> groups;
    std::unique_ptr<Server> server;
};

TEST_F(HttpGroups, ARequestAloneIsAGroupOfOne) {
    RawClient client(server->port());
    for (int i = 0; i < 3; ++i) {
        client.send(post("x" + std::to_string(i)));
        const auto response = client.receive().value_or(RawResponse{});
        EXPECT_EQ(response.status, 202);
        EXPECT_EQ(response.body, "group x" + std::to_string(i));
    }
    EXPECT_EQ(begun, 3);
}

TEST_F(HttpGroups, ThoseThatComeMeanwhileGoTogetherAndEachGetsItsOwnAnswer) {
    const auto first = occupy_the_groups();
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 20; ++i) {
        clients.push_back(send(post(std::to_string(i))));
    }
    EXPECT_EQ(received(send(kProbe)).status, 200) << "all that was sent before is read";
    open_gate();
    EXPECT_EQ(received(first).body, "group wait");
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(received(clients[static_cast<std::size_t>(i)]).body, "group " + std::to_string(i));
    }
    EXPECT_LE(begun, 5);
}

TEST_F(HttpGroups, WhatTheGroupLeavesOutIsAnsweredByTheHandler) {
    const auto client = send(post("alone"));
    const auto response = received(client);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "alone alone");
}

TEST_F(HttpGroups, AHandlerThatWaitsHoldsUpNoGroup) {
    const auto held = occupy_the_handler();
    for (int i = 0; i < 10; ++i) {
        const auto client = send(post("y"));
        EXPECT_EQ(received(client).status, 202);
    }
    open_gate();
    EXPECT_EQ(received(held).status, 200);
}

TEST_F(HttpGroups, GroupsThatWaitHoldUpNeitherProbesNorHandlers) {
    const auto held = occupy_the_groups();
    const auto waiting = send(post("z"));
    EXPECT_EQ(received(send(kProbe)).status, 200);
    EXPECT_EQ(received(send(kGet)).status, 200);
    open_gate();
    EXPECT_EQ(received(held).status, 202);
    EXPECT_EQ(received(waiting).status, 202);
}

TEST_F(HttpGroups, ThoseThatWaitHoldUpNeitherHandlersNorGroups) {
    const auto first = send(post("held"));
    ASSERT_TRUE(test::eventually([&] { return at_gate == 1; }));
    const auto second = send(post("held"));
    EXPECT_EQ(received(send(kGet)).status, 200);
    EXPECT_EQ(received(send(post("x"))).status, 202);
    EXPECT_EQ(at_gate, 1) << "one thread is for those that wait";
    open_gate();
    EXPECT_EQ(received(first).body, "alone held");
}

TEST_F(HttpGroups, WhoWaitedTooLongForItsTurnToWaitGetsTheAnswerForThat) {
    ServerOptions options;
    options.waiter_patience = 1ms;
    start(std::move(options));
    const auto first = send(post("held"));
    ASSERT_TRUE(test::eventually([&] { return at_gate == 1; }));
    const auto second = send(post("held"));
    EXPECT_FALSE(second->receive(false, 50ms)) << "its turn has not come";
    open_gate();
    EXPECT_EQ(received(first).body, "alone held");
    EXPECT_EQ(received(second).status, 409);
    second->send(post("held"));
    EXPECT_EQ(received(second).body, "alone held") << "there is room again";
}

TEST_F(HttpGroups, WhatTheGroupHandlerThrowsIsA500ForEachAndSaysNothing) {
    for (const char* body : {"throw", "forget"}) {
        const auto client = send(post(body));
        const auto response = received(client);
        EXPECT_EQ(response.status, 500) << body;
        EXPECT_EQ(response.body.find("secret"), std::string::npos);
        client->send(kGet);
        EXPECT_EQ(received(client).status, 200) << "the connection goes on";
    }
}

TEST_F(HttpGroups, AMemberThatWaitedTooLongIsToldSoAndTheOthersAreAnswered) {
    ServerOptions options;
    options.queue_timeout = 100ms;
    start(std::move(options));
    const auto held = occupy_the_groups();
    const auto late = send(post("late"));
    EXPECT_FALSE(late->receive(false, 400ms)) << "its turn has not come";
    open_gate();
    EXPECT_EQ(received(held).status, 202);
    EXPECT_EQ(received(late).status, 503);
    EXPECT_EQ(received(send(post("next"))).status, 202);
    const std::lock_guard lock(mutex);
    EXPECT_EQ(std::count(groups.begin(), groups.end(), std::vector<std::string>{"late"}), 0) << "it was not begun";
}

TEST_F(HttpGroups, AMemberWhoseClientHasGoneIsNotBegun) {
    ServerOptions options;
    options.half_close_patience = 0ms;
    start(std::move(options));
    const auto held = occupy_the_groups();
    auto gone = send(post("gone"));
    EXPECT_EQ(received(send(kProbe)).status, 200);
    gone.reset();
    const auto patient = send(post("patient"));
    open_gate();
    EXPECT_EQ(received(patient).status, 202);
    const std::lock_guard lock(mutex);
    for (const auto& group : groups) {
        EXPECT_EQ(std::count(group.begin(), group.end(), "gone"), 0);
    }
}

TEST_F(HttpGroups, StoppingAnswersWhatWaits) {
    const auto held = occupy_the_groups();
    const auto waiting = send(post("w"));
    EXPECT_EQ(received(send(kProbe)).status, 200);
    auto stopped = std::async(std::launch::async, [this] { return server->stop(10s); });
    open_gate();
    EXPECT_EQ(received(held).status, 202);
    EXPECT_EQ(received(waiting).status, 202);
    EXPECT_TRUE(stopped.get());
}

}  // namespace
}  // namespace moai::http
