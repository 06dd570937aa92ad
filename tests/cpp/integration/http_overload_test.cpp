// More than the server has room for: requests that wait too long for a thread, clients that have gone meanwhile, and
// bodies that together are too long. Holds http/connection.cpp and http/server_core.cpp to what they promise then.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "http/server.hpp"
#include "support/eventually.hpp"
#include "support/raw_client.hpp"

namespace moai::http {
namespace {

using namespace std::chrono_literals;
using test::RawClient;
using test::RawResponse;

constexpr std::string_view kGet = "GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A server with one thread for handlers, which a request for /wait holds until the gate is open.
class HttpOverload : public ::testing::Test {
public:
    void start(ServerOptions options) {
        options.listen = {"127.0.0.1", 0};
        options.threads = 1;
        options.io_threads = 1;
        server = std::make_unique<Server>(std::move(options), [this](const api::Request& request) {
            ++handled;
            if (request.path == "/wait") {
                opened.wait();
            }
            return api::Response{200, "text/plain", "answer", {}};
        });
        server->start();
    }

    /// Returns once the only thread is at the gate.
    std::unique_ptr<RawClient> occupy_the_thread() {
        auto client = std::make_unique<RawClient>(server->port());
        client->send("GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n");
        EXPECT_TRUE(test::eventually([&] { return handled == 1; }));
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

    std::promise<void> gate;
    std::shared_future<void> opened{gate.get_future()};
    bool gate_is_open = false;
    std::atomic<int> handled{0};
    std::unique_ptr<Server> server;
};

TEST_F(HttpOverload, ARequestThatWaitsTooLongForItsTurnIsToldSoAndNotBegun) {
    ServerOptions options;
    options.queue_timeout = 100ms;
    start(std::move(options));
    const auto occupant = occupy_the_thread();
    RawClient late(server->port());
    late.send(kGet);
    EXPECT_FALSE(late.receive(false, 400ms)) << "its turn has not come";
    open_gate();
    const auto response = late.receive();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 503);
    EXPECT_EQ(response->headers.at("retry-after"), "1");
    EXPECT_NE(response->body.find(R"("code":"busy")"), std::string::npos) << response->body;
    EXPECT_EQ(handled, 1);
    late.send(kGet);
    EXPECT_EQ(late.receive().value_or(RawResponse{}).status, 200) << "the connection goes on";
}

TEST_F(HttpOverload, ARequestWhoseClientHasGoneIsNotBegun) {
    ServerOptions options;
    options.half_close_patience = 0ms;
    start(std::move(options));
    const auto occupant = occupy_the_thread();
    auto gone = std::make_unique<RawClient>(server->port());
    gone->send(kGet);
    gone.reset();
    RawClient patient(server->port());
    patient.send(kGet);
    open_gate();
    EXPECT_EQ(patient.receive().value_or(RawResponse{}).status, 200);
    EXPECT_TRUE(test::eventually([this] { return server->open_connections() == 2; }))
        << "the one that has gone is closed";
    EXPECT_EQ(handled, 2);
}

/// The head of a POST whose client waits until the server has let its body in.
std::string head_of(std::size_t body) {
    return "POST /a HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: " + std::to_string(body) +
           "\r\n\r\n";
}

TEST_F(HttpOverload, HoldTogetherNoLongerBodiesThanThereIsMemoryFor) {
    ServerOptions options;
    options.memory_for_bodies = 1'000;
    start(std::move(options));
    const auto let_in = [&](RawClient& client, std::size_t body) {
        client.send(head_of(body));
        return client.receive(true).value_or(RawResponse{});
    };
    RawClient large(server->port());
    ASSERT_EQ(let_in(large, 600).status, 100);
    RawClient over(server->port());
    const RawResponse refused = let_in(over, 401);
    EXPECT_EQ(refused.status, 503);
    EXPECT_EQ(refused.headers.at("retry-after"), "1");
    EXPECT_EQ(refused.headers.at("connection"), "close");
    auto exact = std::make_unique<RawClient>(server->port());
    ASSERT_EQ(let_in(*exact, 400).status, 100);
    RawClient bodyless(server->port());
    bodyless.send(kGet);
    EXPECT_EQ(bodyless.receive().value_or(RawResponse{}).status, 200) << "what has no body needs none of it";

    large.send(std::string(600, 'b'));
    ASSERT_EQ(large.receive().value_or(RawResponse{}).status, 200);
    EXPECT_EQ(let_in(large, 600).status, 100) << "an answered request has given its bytes back";
    exact.reset();
    EXPECT_TRUE(test::eventually([&] {
        RawClient again(server->port());
        return let_in(again, 400).status == 100;
    })) << "a client that left has given its bytes back";
}

}  // namespace
}  // namespace moai::http
