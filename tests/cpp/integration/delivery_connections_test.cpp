// CurlTransport's connections (delivery/curl_sockets.hpp): kept alive and re-used, replaced when the receiver closed
// them, bounded in number, and counted.
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "integration/delivery_client.hpp"
#include "support/fake_receiver.hpp"

namespace {

using moai::test::Answer;
using moai::test::DeliveryClient;
using moai::test::FakeReceiver;
using moai::worker::ErrorClass;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// How often the loop wakes within a second after `begin`, which runs when libcurl's last timers have gone.
std::uint64_t wakeups_in_a_second(DeliveryClient& client, const std::function<void()>& begin) {
    std::uint64_t before = 0;
    std::uint64_t after = 0;
    const auto now = std::chrono::steady_clock::now();
    (void)client.loop.at(now + milliseconds(300), [&] {
        before = client.loop.wakeups();
        begin();
    });
    (void)client.loop.at(now + milliseconds(1300), [&] {
        after = client.loop.wakeups();
        client.loop.stop();
    });
    client.loop.run();
    return after - before;
}

TEST(DeliveryConnections, AreReusedOneRequestAfterTheOther) {
    FakeReceiver receiver;
    DeliveryClient client;
    for (int i = 0; i < 200; ++i) {
        ASSERT_EQ(client.fetch(receiver.url("/" + std::to_string(i))).error_class, ErrorClass::none);
    }
    EXPECT_EQ(receiver.count(), 200U);
    EXPECT_EQ(receiver.connections_accepted(), 1U);
    EXPECT_EQ(client.results.back().connect, std::chrono::microseconds(0));
}

TEST(DeliveryConnections, CarryARequestBeforeTheLoopTurnsWhenItIsBegunAtOnce) {
    FakeReceiver receiver;
    receiver.on("/unanswered", Answer{.behaviour = Answer::Behaviour::hang_after_request});
    DeliveryClient client;
    ASSERT_EQ(client.fetch(receiver.url("/warms-up")).error_class, ErrorClass::none);
    client.send(DeliveryClient::request(receiver.url("/unanswered")));
    client.transport.begin_now();
    EXPECT_TRUE(receiver.wait_for(2, seconds(5))) << "nobody has run the loop";
    EXPECT_EQ(client.transport.in_flight(), 1U);
    EXPECT_EQ(receiver.connections_accepted(), 1U);
}

TEST(DeliveryConnections, AreAsManyAsRequestsInFlightAtOnceAndStayOpenForTheNextBurst) {
    FakeReceiver receiver;
    receiver.on("*", Answer{.delay = milliseconds(100)});
    DeliveryClient client;
    for (int burst = 1; burst <= 3; ++burst) {
        for (int i = 0; i < 50; ++i) {
            client.send(DeliveryClient::request(receiver.url()));
        }
        ASSERT_TRUE(client.wait_for(static_cast<std::size_t>(burst) * 50));
    }
    EXPECT_EQ(receiver.count(), 150U);
    EXPECT_EQ(receiver.connections_accepted(), 50U);
}

TEST(DeliveryConnections, BeyondTheMaximumAreClosed) {
    FakeReceiver receiver;
    receiver.on("*", Answer{.delay = milliseconds(100)});
    auto options = DeliveryClient::local_options();
    options.max_connections = 10;
    DeliveryClient client(options);
    for (int i = 0; i < 50; ++i) {
        client.send(DeliveryClient::request(receiver.url()));
    }
    ASSERT_TRUE(client.wait_for(50));
    EXPECT_TRUE(receiver.wait_for_open_at_most(10, seconds(5))) << receiver.connections_open();
    EXPECT_GT(receiver.connections_open(), 0U);
}

TEST(DeliveryConnections, ThatTheReceiverClosedWhileIdleAreReplacedWithoutAFailure) {
    FakeReceiver receiver;
    DeliveryClient client;
    for (int i = 0; i < 20; ++i) {
        ASSERT_EQ(client.fetch(receiver.url()).error_class, ErrorClass::none);
        receiver.close_idle_connections();
    }
    EXPECT_EQ(receiver.count(), 20U);
    EXPECT_EQ(receiver.connections_accepted(), 20U);
}

TEST(DeliveryConnections, ThatWereIdleForTooLongAreNotReused) {
    FakeReceiver receiver;
    auto options = DeliveryClient::local_options();
    options.most_idle = seconds(1);
    DeliveryClient client(options);
    ASSERT_EQ(client.fetch(receiver.url()).error_class, ErrorClass::none);
    // Each request ends the idleness, so there is nothing to ask meanwhile: only time makes a connection idle. libcurl
    // counts whole seconds and wants more than one.
    EXPECT_FALSE(client.wait_for(2, milliseconds(2'100))) << "nothing was sent";
    ASSERT_EQ(client.fetch(receiver.url()).error_class, ErrorClass::none);
    EXPECT_EQ(receiver.connections_accepted(), 2U);
    EXPECT_TRUE(receiver.wait_for_open_at_most(1, seconds(20)));
}

TEST(DeliveryConnections, ThatAreTooOldAreReplaced) {
    FakeReceiver receiver;
    auto options = DeliveryClient::local_options();
    options.most_age = seconds(1);
    DeliveryClient client(options);
    const auto start = std::chrono::steady_clock::now();
    // Never idle for long: it is the age that ends the first one.
    while (receiver.connections_accepted() < 2 && std::chrono::steady_clock::now() - start < seconds(20)) {
        ASSERT_EQ(client.fetch(receiver.url()).error_class, ErrorClass::none);
    }
    EXPECT_EQ(receiver.connections_accepted(), 2U);
    EXPECT_GT(std::chrono::steady_clock::now() - start, seconds(1)) << "it was too young";
    EXPECT_TRUE(receiver.wait_for_open_at_most(1, seconds(20)));
}

TEST(DeliveryConnections, ARequestOnAReusedOneThatDiesUnansweredIsRepeatedOnceWithTheSameIdAndBody) {
    // libcurl's own repeat: documented in curl_transport.hpp, allowed by at-least-once, and pinned here.
    FakeReceiver receiver;
    receiver.on("/dies", Answer{.behaviour = Answer::Behaviour::close_without_answer});
    DeliveryClient client;
    ASSERT_EQ(client.fetch(receiver.url("/lives")).error_class, ErrorClass::none);
    auto request = DeliveryClient::request(receiver.url("/dies"), "the body");
    request.header_lines.push_back("webhook-id: 42");
    const auto result = client.fetch(std::move(request));
    EXPECT_EQ(result.error_class, ErrorClass::connection_lost) << result.error_detail;
    const auto seen = receiver.requests("/dies");
    ASSERT_EQ(seen.size(), 2U);
    for (const auto& one : seen) {
        EXPECT_EQ(one.header("webhook-id"), "42");
        EXPECT_EQ(one.body, "the body");
    }
    EXPECT_NE(seen[0].connection, seen[1].connection);
}

TEST(DeliveryConnections, AnAnswerThatSaysCloseIsHonoured) {
    FakeReceiver receiver;
    receiver.on("*", Answer{.headers = {{"Connection", "close"}}});
    DeliveryClient client;
    for (int i = 0; i < 3; ++i) {
        ASSERT_EQ(client.fetch(receiver.url()).error_class, ErrorClass::none);
    }
    EXPECT_EQ(receiver.connections_accepted(), 3U);
}

TEST(DeliveryConnections, AreClosedWithTheTransportAndNothingIsWaitedFor) {
    FakeReceiver receiver;
    receiver.on("/hang", Answer{.behaviour = Answer::Behaviour::hang_after_request});
    const auto start = std::chrono::steady_clock::now();
    {
        DeliveryClient client;
        ASSERT_EQ(client.fetch(receiver.url("/")).error_class, ErrorClass::none);
        for (int i = 0; i < 20; ++i) {
            client.send(DeliveryClient::request(receiver.url("/hang")));
        }
        EXPECT_FALSE(client.wait_for(22, milliseconds(200)));
        EXPECT_EQ(client.transport.in_flight(), 20U);
        EXPECT_EQ(client.results.size(), 1U);
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(5));
    EXPECT_TRUE(receiver.wait_for_open_at_most(0, seconds(5)));
}

TEST(DeliveryConnections, AnIdleTransportDoesNotWakeItsLoop) {
    FakeReceiver receiver;
    DeliveryClient client;
    ASSERT_EQ(client.fetch(receiver.url()).error_class, ErrorClass::none);
    EXPECT_EQ(wakeups_in_a_second(client, [] {}), 1U) << "the timer that ends the second";
}

TEST(DeliveryConnections, ClosedByTheReceiverWhileIdleWakeTheLoopOnceAndNotForEver) {
    FakeReceiver receiver;
    DeliveryClient client;
    ASSERT_EQ(client.fetch(receiver.url()).error_class, ErrorClass::none);
    EXPECT_EQ(wakeups_in_a_second(client, [&] { receiver.close_idle_connections(); }), 2U)
        << "the end of the connection, and the timer";
    EXPECT_EQ(client.fetch(receiver.url()).error_class, ErrorClass::none);
    EXPECT_EQ(receiver.connections_accepted(), 2U);
}

TEST(DeliveryConnections, AreCountedFromTheirOpeningToTheirEnd) {
    FakeReceiver receiver;
    receiver.on("*", Answer{.delay = milliseconds(50)});
    std::size_t open = 0;
    {
        auto options = DeliveryClient::local_options();
        options.max_connections = 5;
        options.on_connections = [&](std::size_t count) { open = count; };
        DeliveryClient client(options);
        for (int i = 0; i < 20; ++i) {
            client.send(DeliveryClient::request(receiver.url()));
        }
        client.transport.begin_now();
        EXPECT_EQ(open, 20U);
        ASSERT_TRUE(client.wait_for(20));
        EXPECT_EQ(open, 5U) << "idle ones count";
    }
    EXPECT_EQ(open, 0U);
}

}  // namespace
