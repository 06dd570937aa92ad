// Clients that are slow, silent, many, or never read; and a server that stops while clients are there.
// Holds http/connection.cpp, http/io_thread.cpp, http/listen_socket.cpp and http/server_core.cpp to their limits.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "http/server.hpp"
#include "support/raw_client.hpp"

namespace moai::http {
namespace {

using namespace std::chrono_literals;
using test::RawClient;
using test::RawResponse;
using Clock = std::chrono::steady_clock;

constexpr std::string_view kGet = "GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n";
constexpr std::string_view kGetProbe = "GET /probe HTTP/1.1\r\nHost: localhost\r\n\r\n";
constexpr std::string_view kGetGate = "GET /gate HTTP/1.1\r\nHost: localhost\r\n\r\n";
constexpr std::size_t kAnswerBytes = 64U << 10;

/// Looks every few milliseconds whether the promise holds by now.
bool eventually(const std::function<bool()>& promise, std::chrono::milliseconds patience = 10s) {
    const auto deadline = Clock::now() + patience;
    while (!promise()) {
        if (Clock::now() > deadline) {
            return false;
        }
        std::this_thread::sleep_for(5ms);
    }
    return true;
}

class SlowClients : public ::testing::Test {
public:
    static ServerOptions quick() {
        ServerOptions options;
        options.header_timeout = 400ms;
        options.body_timeout = 400ms;
        options.write_timeout = 600ms;
        options.keepalive = 400ms;
        return options;
    }

    void start(ServerOptions options) {
        options.listen = {"127.0.0.1", 0};
        options.threads = 2;
        options.io_threads = 1;
        options.answers_at_once = [](const api::Request& request) { return request.path == "/probe"; };
        server = std::make_unique<Server>(std::move(options), [this](const api::Request& request) {
            ++handled;
            if (request.path == "/gate") {
                gate.get_future().wait();
            } else if (request.path == "/wait") {
                shared_gate.wait();
            }
            return api::Response{200, "text/plain", std::string(kAnswerBytes, 'a'), {}};
        });
        server->start();
    }

    void TearDown() override {
        if (!shared_gate_open) {
            shared_gate_source.set_value();
        }
        server.reset();
    }

    std::promise<void> gate;
    std::promise<void> shared_gate_source;
    std::shared_future<void> shared_gate{shared_gate_source.get_future()};
    bool shared_gate_open = false;
    std::atomic<int> handled{0};
    std::unique_ptr<Server> server;
};

TEST_F(SlowClients, AreCutWithinFifteenSecondsByDefault) {
    const ServerOptions options;
    EXPECT_LE(options.header_timeout, 14s);
    EXPECT_LE(options.body_timeout, 14s);
    EXPECT_LT(options.request_timeout + 250ms, 15s) << "time-outs are looked for every 250 ms";
    EXPECT_LE(options.write_timeout, 15s);
}

TEST_F(SlowClients, GetA408ForAPartialHeader) {
    start(quick());
    RawClient client(server->port());
    const auto begin = Clock::now();
    client.send("GET /a HTTP/1.1\r\nHost: loc");
    EXPECT_EQ(client.receive().value_or(RawResponse{}).status, 408);
    EXPECT_TRUE(client.closed());
    EXPECT_GE(Clock::now() - begin, 400ms);
    EXPECT_LT(Clock::now() - begin, 2s);
}

TEST_F(SlowClients, GetA408ForAPartialBody) {
    start(quick());
    RawClient client(server->port());
    client.send("POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf");
    EXPECT_EQ(client.receive().value_or(RawResponse{}).status, 408);
    EXPECT_TRUE(client.closed());
    EXPECT_EQ(handled, 0);
}

TEST_F(SlowClients, DoNotExtendTheirTimeByDrippingBytes) {
    start(quick());
    RawClient client(server->port());
    const auto begin = Clock::now();
    client.send("GET /a HTTP/1.1\r\nHost: localhost\r\nX-A: ");
    std::optional<RawResponse> response;
    while (!response && Clock::now() - begin < 5s) {
        client.send("a");
        response = client.receive(false, 20ms);
    }
    EXPECT_EQ(response.value_or(RawResponse{}).status, 408);
    EXPECT_LT(Clock::now() - begin, 2s);
}

TEST_F(SlowClients, HaveOneTimeForHeadAndBodyTogether) {
    ServerOptions options = quick();
    options.header_timeout = 5s;
    options.body_timeout = 10s;
    options.request_timeout = 800ms;
    start(std::move(options));
    RawClient client(server->port());
    const auto begin = Clock::now();
    client.send("POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\nX-A: ");
    while (Clock::now() - begin < 400ms) {
        client.send("a");
        EXPECT_FALSE(client.receive(false, 20ms));
    }
    client.send("\r\n\r\n");
    std::optional<RawResponse> response;
    while (!response && Clock::now() - begin < 5s) {
        client.send("b");
        response = client.receive(false, 20ms);
    }
    EXPECT_EQ(response.value_or(RawResponse{}).status, 408);
    EXPECT_GE(Clock::now() - begin, 800ms);
    EXPECT_LT(Clock::now() - begin, 3s);
}

TEST_F(SlowClients, AreClosedQuietlyWhenTheySayNothing) {
    start(quick());
    RawClient silent(server->port());
    RawClient idle(server->port());
    idle.send(kGet);
    ASSERT_TRUE(idle.receive());
    EXPECT_TRUE(silent.closed());
    EXPECT_TRUE(idle.closed());
}

TEST_F(SlowClients, MayBeFiveHundredWithoutHinderingANewOne) {
    start({});
    std::vector<std::unique_ptr<RawClient>> idle;
    for (int i = 0; i < 500; ++i) {
        idle.push_back(std::make_unique<RawClient>(server->port()));
        if (i % 2 == 0) {
            idle.back()->send("GET /partial");
        }
    }
    const auto begin = Clock::now();
    RawClient client(server->port());
    client.send(kGet);
    EXPECT_EQ(client.receive().value_or(RawResponse{}).status, 200);
    EXPECT_LT(Clock::now() - begin, 1s);
    EXPECT_EQ(server->open_connections(), 501U);
}

TEST_F(SlowClients, GetA503BeyondTheLimitWhichThenFreesUp) {
    ServerOptions options;
    options.max_connections = 2;
    start(std::move(options));
    auto first = std::make_unique<RawClient>(server->port());
    RawClient second(server->port());
    for (RawClient* client : {first.get(), &second}) {
        client->send(kGet);
        ASSERT_EQ(client->receive().value_or(RawResponse{}).status, 200);
    }
    RawClient third(server->port());
    third.send(kGet);
    const auto turned_away = third.receive();
    ASSERT_TRUE(turned_away);
    EXPECT_EQ(turned_away->status, 503);
    EXPECT_EQ(turned_away->headers.at("retry-after"), "1");
    EXPECT_TRUE(third.closed());
    first.reset();
    std::optional<RawResponse> response;
    for (const auto deadline = Clock::now() + 10s;
         Clock::now() < deadline && response.value_or(RawResponse{}).status != 200;) {
        RawClient again(server->port());
        again.send(kGet);
        response = again.receive();
    }
    EXPECT_EQ(response.value_or(RawResponse{}).status, 200);
}

/// CPU time this process has used.
std::chrono::microseconds cpu_time() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return std::chrono::seconds(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           std::chrono::microseconds(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

TEST_F(SlowClients, ThatDoNotReadNeitherSpinNorStallTheServerAndAreCut) {
    start(quick());
    std::string pipelined;
    for (int i = 0; i < 200; ++i) {
        pipelined += kGet;
    }
    std::vector<std::unique_ptr<RawClient>> deaf;
    for (int i = 0; i < 4; ++i) {
        deaf.push_back(std::make_unique<RawClient>(server->port(), 4096));
        deaf.back()->send(pipelined);
    }
    for (int i = 0; i < 20; ++i) {
        RawClient other(server->port());
        other.send(kGet);
        ASSERT_EQ(other.receive().value_or(RawResponse{}).status, 200);
    }
    // What the kernel buffers is taken soon; from then on a server that does not spin has nothing to do but wait.
    const auto cpu = cpu_time();
    const auto begin = Clock::now();
    EXPECT_TRUE(eventually([this] { return server->open_connections() == 0; }));
    EXPECT_GT(Clock::now() - begin, 200ms);
    EXPECT_LT(Clock::now() - begin, 3s);
    EXPECT_LT(cpu_time() - cpu, (Clock::now() - begin) / 2);
    EXPECT_LT(handled, 4 * 200);
    for (auto& client : deaf) {
        EXPECT_FALSE(client->send("x") && client->send("x"));
    }
}

TEST_F(SlowClients, ThatReadLateGetEveryPipelinedAnswer) {
    start({});
    RawClient client(server->port(), 4096);
    for (int i = 0; i < 200; ++i) {
        ASSERT_TRUE(client.send(kGet));
    }
    for (int i = 0; i < 200; ++i) {
        const auto response = client.receive();
        ASSERT_TRUE(response) << i;
        EXPECT_EQ(response->body.size(), kAnswerBytes);
    }
}

TEST_F(SlowClients, ProbesAreAnsweredWhileEveryHandlerIsBusy) {
    start({});
    std::vector<std::unique_ptr<RawClient>> waiting;
    for (int i = 0; i < 6; ++i) {
        waiting.push_back(std::make_unique<RawClient>(server->port()));
        waiting.back()->send("GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }
    RawClient probe(server->port());
    probe.send(kGetProbe);
    EXPECT_EQ(probe.receive().value_or(RawResponse{}).status, 200);
    shared_gate_source.set_value();
    shared_gate_open = true;
    for (auto& client : waiting) {
        EXPECT_EQ(client->receive().value_or(RawResponse{}).status, 200);
    }
}

TEST_F(SlowClients, StopAnswersWhatIsInFlightAndClosesWhatIsIdle) {
    start({});
    RawClient idle(server->port());
    idle.send(kGet);
    ASSERT_TRUE(idle.receive());
    RawClient busy(server->port());
    const int before = handled;
    busy.send(kGetGate);
    ASSERT_TRUE(eventually([&] { return handled > before; }));
    auto stopped = std::async(std::launch::async, [this] { return server->stop(10s); });
    EXPECT_TRUE(idle.closed());
    EXPECT_THROW(
        {
            // A connect that came before the listener shut is answered, one after it refused.
            for (const auto deadline = Clock::now() + 5s; Clock::now() < deadline;) {
                RawClient late(server->port());
            }
        },
        std::system_error);
    gate.set_value();
    const auto response = busy.receive();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->headers.at("connection"), "close");
    EXPECT_TRUE(busy.closed());
    EXPECT_TRUE(stopped.get()) << "nothing was cut off";
    EXPECT_EQ(server->open_connections(), 0U);
}

TEST_F(SlowClients, StopCutsAPartialRequestAtTheDrainTimeout) {
    start({});
    RawClient partial(server->port());
    partial.send("GET /a HT");
    ASSERT_TRUE(eventually([this] { return server->open_connections() == 1; }));
    const auto begin = Clock::now();
    EXPECT_FALSE(server->stop(300ms));
    EXPECT_GE(Clock::now() - begin, 300ms);
    EXPECT_LT(Clock::now() - begin, 3s);
}

TEST_F(SlowClients, ABusyPortIsANamedError) {
    start({});
    ServerOptions second;
    second.listen = {"127.0.0.1", server->port()};
    Server other(std::move(second), [](const api::Request&) { return api::Response{}; });
    try {
        other.start();
        FAIL() << "the port was taken twice";
    } catch (const ListenError& error) {
        EXPECT_NE(std::string(error.what()).find(std::to_string(server->port()) + ": Address already in use"),
                  std::string::npos)
            << error.what();
    }
}

TEST_F(SlowClients, RunningOutOfDescriptorsPausesAcceptingWithoutSpinning) {
    start({});
    rlimit old{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &old), 0);
    // The lowest free number is left to the client's socket; the server's end of the connection finds none.
    const int lowest_free = base::UniqueFd(::dup(0)).get();
    const rlimit one_more{static_cast<rlim_t>(lowest_free) + 1, old.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &one_more), 0);
    RawClient client(server->port());
    client.send(kGet);
    const auto cpu = cpu_time();
    EXPECT_FALSE(client.receive(false, 600ms));
    EXPECT_LT(cpu_time() - cpu, 300ms);
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &old), 0);
    EXPECT_EQ(client.receive().value_or(RawResponse{}).status, 200);
}

}  // namespace
}  // namespace moai::http
