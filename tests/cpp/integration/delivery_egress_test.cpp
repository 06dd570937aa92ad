// CurlTransport (delivery/transfer.cpp) and its egress policy: receivers on this machine, which no endpoint may be
// unless a policy says so, hear nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <string>
#include <vector>

#include "integration/delivery_client.hpp"
#include "support/fake_receiver.hpp"
#include "support/loopback_listener.hpp"

namespace moai::test {
namespace {

using delivery::Resolution;
using ::testing::HasSubstr;
using worker::ErrorClass;

delivery::Resolver::LookUp finding(std::vector<std::string> addresses) {
    return [addresses = std::move(addresses)](const std::string&) {
        return Resolution{Resolution::Status::found, addresses, ""};
    };
}

delivery::CurlTransportOptions strict() { return {}; }

class Egress : public ::testing::Test {
protected:
    Egress() { listener.listen(); }
    [[nodiscard]] std::string port() const { return std::to_string(listener.port()); }
    [[nodiscard]] bool heard_nothing() const {
        pollfd waiting{.fd = listener.fd(), .events = POLLIN, .revents = 0};
        return ::poll(&waiting, 1, 0) == 0;
    }

    LoopbackListener listener;
};

TEST_F(Egress, NoSpellingOfALoopbackAddressIsConnectedTo) {
    DeliveryClient client(strict());
    for (const std::string host :
         {"127.0.0.1", "127.1", "0x7f.1", "2130706433", "017700000001", "127.0.0.01", "[::1]", "[::ffff:127.0.0.1]",
          "[::ffff:7f00:1]", "[64:ff9b::127.0.0.1]", "[::127.0.0.1]", "0", "0.0.0.0", "[::]", "127.255.255.254"}) {
        const auto result = client.fetch("http://" + host + ":" + port() + "/");
        EXPECT_EQ(result.error_class, ErrorClass::blocked) << host << ": " << result.error_detail;
        EXPECT_THAT(result.error_detail, HasSubstr("refused by the egress policy")) << host;
        EXPECT_EQ(result.remote_address, "") << host;
        EXPECT_FALSE(result.never_sent) << host << ": it is an attempt, and costs one";
    }
    EXPECT_TRUE(heard_nothing());
}

TEST_F(Egress, ANameThatResolvesToThemIsNotConnectedTo) {
    for (const auto& addresses : std::vector<std::vector<std::string>>{
             {"127.0.0.1"}, {"::1"}, {"::1", "127.0.0.1"}, {"127.0.0.1", "10.0.0.1", "169.254.169.254"}}) {
        DeliveryClient client(strict(), finding(addresses));
        const auto result = client.fetch("http://harmless.example.org:" + port() + "/");
        EXPECT_EQ(result.error_class, ErrorClass::blocked) << result.error_detail;
    }
    EXPECT_TRUE(heard_nothing());
}

TEST_F(Egress, OfSeveralAddressesThoseThatMayBeAreTried) {
    FakeReceiver receiver;
    auto options = strict();
    options.egress = delivery::EgressPolicy({.allowed = {base::Destination::parse("127.0.0.1").value()}});
    DeliveryClient client(options, finding({"127.0.0.2", "127.0.0.1"}));
    const auto result = client.fetch("http://harmless.example.org:" + std::to_string(receiver.port()) + "/");
    EXPECT_EQ(result.error_class, ErrorClass::none) << result.error_detail;
    EXPECT_THAT(result.remote_address, HasSubstr("127.0.0.1:"));
}

TEST_F(Egress, AnAddressThatMayBeAndDoesNotAnswerIsTheOneThatIsTold) {
    auto options = strict();
    options.egress = delivery::EgressPolicy({.allowed = {base::Destination::parse("127.0.0.2").value()}});
    DeliveryClient client(options, finding({"127.0.0.1", "127.0.0.2"}));
    const auto result = client.fetch("http://harmless.example.org:" + port() + "/");
    EXPECT_EQ(result.error_class, ErrorClass::connect) << result.error_detail;
    EXPECT_TRUE(heard_nothing()) << "it listens on 127.0.0.1 alone";
}

TEST_F(Egress, AHostThatIsAllowedIsConnectedToWhateverItResolvesToAndNoOtherIs) {
    FakeReceiver receiver;
    auto options = strict();
    options.egress = delivery::EgressPolicy({.allowed = {base::Destination::parse("hooks.internal").value()}});
    DeliveryClient client(options, finding({"127.0.0.1"}));
    const std::string rest = ":" + std::to_string(receiver.port()) + "/";
    EXPECT_EQ(client.fetch("http://HOOKS.internal" + rest).error_class, ErrorClass::none);
    EXPECT_EQ(client.fetch("http://hooks.internal." + rest).error_class, ErrorClass::none) << "the same, absolute";
    EXPECT_EQ(client.fetch("http://hooks.example.org" + rest).error_class, ErrorClass::blocked);
    EXPECT_EQ(client.fetch("http://127.0.0.1" + rest).error_class, ErrorClass::blocked)
        << "though a connection to it is kept for the other name";
    EXPECT_EQ(receiver.count(), 2U);
}

TEST_F(Egress, AHostThatIsDeniedIsNotConnectedToWhateverItResolvesTo) {
    FakeReceiver receiver;
    auto options = DeliveryClient::local_options();
    const std::string rest = ":" + std::to_string(receiver.port()) + "/";
    options.egress = delivery::EgressPolicy({.allowed = {base::Destination::parse("127.0.0.1").value()},
                                             .denied = {base::Destination::parse(".internal").value()}});
    DeliveryClient client(options, finding({"127.0.0.1"}));
    EXPECT_EQ(client.fetch("http://hooks.example.org" + rest).error_class, ErrorClass::none);
    for (const char* host : {"hooks.internal", "internal", "hooks.INTERNAL."}) {
        EXPECT_EQ(client.fetch("http://" + std::string(host) + rest).error_class, ErrorClass::blocked) << host;
    }
    EXPECT_EQ(receiver.count(), 1U);
}

TEST_F(Egress, WhatIsAllowedIsConnectedToAndItsKeptConnectionAgain) {
    FakeReceiver receiver;
    DeliveryClient client(DeliveryClient::local_options());
    for (int request = 0; request < 3; ++request) {
        const auto result = client.fetch(receiver.url());
        EXPECT_EQ(result.error_class, ErrorClass::none) << result.error_detail;
    }
}

TEST_F(Egress, AnEndpointOfItsOwnIsConnectedToAndItsNeighbourIsNot) {
    FakeReceiver receiver;
    auto options = strict();
    options.egress = delivery::EgressPolicy({.own = {{base::IpAddress::parse("127.0.0.1").value(), receiver.port()}}});
    DeliveryClient client(options);
    EXPECT_EQ(client.fetch(receiver.url()).error_class, ErrorClass::none);
    EXPECT_EQ(client.fetch("http://127.0.0.1:" + port() + "/").error_class, ErrorClass::blocked);
    EXPECT_TRUE(heard_nothing());
}

TEST_F(Egress, ARedirectToThemIsNotFollowed) {
    FakeReceiver receiver;
    receiver.on("/", Answer{.status = 302, .headers = {{"location", "http://127.0.0.1:" + port() + "/"}}});
    DeliveryClient client(DeliveryClient::local_options());
    const auto result = client.fetch(receiver.url());
    EXPECT_EQ(result.error_class, ErrorClass::http_status);
    EXPECT_EQ(result.http_status, 302);
    EXPECT_TRUE(heard_nothing());
}

}  // namespace
}  // namespace moai::test
