// CurlTransport over TLS: whom it believes, and what it says of those it does not.
#include <gtest/gtest.h>

#include <string>

#include "integration/delivery_client.hpp"
#include "support/fake_receiver.hpp"
#include "support/throwaway_ca.hpp"

namespace moai::test {
namespace {

using delivery::Resolution;
using worker::ErrorClass;

struct Tls : ::testing::Test {
    [[nodiscard]] static delivery::CurlTransportOptions believing(const std::string& ca_file) {
        auto options = DeliveryClient::local_options();
        options.ca_file = ca_file;
        return options;
    }
    ThrowawayCa ca;
    DeliveryClient client{believing(ca.file()), [](const std::string&) {
                              return Resolution{Resolution::Status::found, {"127.0.0.1"}, ""};
                          }};

    static std::string url(const std::string& name, const FakeReceiver& receiver) {
        return "https://" + name + ":" + std::to_string(receiver.port()) + "/hook";
    }
};

TEST_F(Tls, ACertificateOfATrustedAuthorityForTheNameIsBelieved) {
    FakeReceiver receiver(ca.server("receiver.example"));
    receiver.on("/hook", Answer{.body = "thanks"});
    const auto result = client.fetch(url("receiver.example", receiver));
    ASSERT_EQ(result.error_class, ErrorClass::none) << result.error_detail;
    EXPECT_EQ(result.response_body, "thanks");
    ASSERT_TRUE(result.tls && result.connect && result.first_byte);
    EXPECT_GT(result.tls->count(), 0);
    EXPECT_LE(*result.dns + *result.connect + *result.tls + *result.first_byte,
              result.total + std::chrono::milliseconds(1));
    EXPECT_EQ(receiver.requests().at(0).header("host"), "receiver.example:" + std::to_string(receiver.port()));
}

TEST_F(Tls, AConnectionIsKeptAndUsedAgain) {
    FakeReceiver receiver(ca.server("receiver.example"));
    for (int i = 0; i < 3; ++i) {
        ASSERT_EQ(client.fetch(url("receiver.example", receiver)).error_class, ErrorClass::none);
    }
    EXPECT_EQ(receiver.connections_accepted(), 1U);
}

TEST_F(Tls, ACertificateForAnotherNameIsRefusedBeforeAnythingIsSent) {
    FakeReceiver receiver(ca.server("receiver.example"));
    const auto result = client.fetch(url("other.example", receiver));
    EXPECT_EQ(result.error_class, ErrorClass::tls) << result.error_detail;
    EXPECT_NE(result.error_detail, "");
    EXPECT_EQ(receiver.count(), 0U);
    EXPECT_FALSE(result.never_sent) << "it costs the endpoint a try";
}

TEST_F(Tls, ACertificateThatSignsItselfIsRefused) {
    FakeReceiver receiver(ThrowawayCa::self_signed("receiver.example"));
    EXPECT_EQ(client.fetch(url("receiver.example", receiver)).error_class, ErrorClass::tls);
    EXPECT_EQ(receiver.count(), 0U);
}

TEST_F(Tls, AnAuthorityThatTheSystemDoesNotKnowIsRefused) {
    FakeReceiver receiver(ca.server("receiver.example"));
    DeliveryClient ordinary(DeliveryClient::local_options(), [](const std::string&) {
        return Resolution{Resolution::Status::found, {"127.0.0.1"}, ""};
    });
    EXPECT_EQ(ordinary.fetch(url("receiver.example", receiver)).error_class, ErrorClass::tls);
    EXPECT_EQ(receiver.count(), 0U);
}

}  // namespace
}  // namespace moai::test
