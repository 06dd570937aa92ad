// build_request: the formats byte for byte, the headers, and what cannot be sent.
#include "delivery/request_builder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "config/version.hpp"
#include "delivery/signature.hpp"

namespace {

using moai::store::ClaimedDelivery;
using moai::worker::OutgoingRequest;
using testing::ElementsAre;

ClaimedDelivery delivery() {
    ClaimedDelivery result;
    result.event_id = "01890a5d-ac96-774b-bcce-b302099a8057";
    result.subscription_id = "0b0c6b1e-7f0b-4c39-9c0f-1f6a3d1f0a11";
    result.attempt_no = 3;
    result.event_type = "user.created";
    result.published_at = "2026-11-22T08:00:00.123456Z";
    result.payload = R"({"b": 1.0, "a":"\u00e9", "a":1e2})";
    result.url = "https://example.com/hook";
    result.format = "standard";
    result.secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    result.timeout = std::chrono::milliseconds(15'000);
    return result;
}

std::string key_id(std::string_view secret) { return moai::delivery::Keyring().key(secret).id; }

OutgoingRequest build_request(const ClaimedDelivery& claimed, std::int64_t timestamp) {
    moai::delivery::Keyring keyring;
    return moai::delivery::build_request(claimed, timestamp, keyring);
}

TEST(RequestBuilder, WrapsThePayloadVerbatimInTheStandardFormat) {
    EXPECT_EQ(
        build_request(delivery(), 1614265330).body,
        R"({"type":"user.created","timestamp":"2026-11-22T08:00:00.123456Z","data":{"b": 1.0, "a":"\u00e9", "a":1e2}})");
}

TEST(RequestBuilder, SendsThePayloadsOwnBytesInTheRawFormat) {
    ClaimedDelivery raw = delivery();
    raw.format = "raw";
    raw.payload = " [1,\n\t2]  ";
    EXPECT_EQ(build_request(raw, 1614265330).body, raw.payload);
}

TEST(RequestBuilder, IsACloudEventWithItsPayloadVerbatim) {
    ClaimedDelivery event = delivery();
    event.format = "cloudevents";
    event.tenant = "acme 50%/\xC3\xBC";
    const auto request = build_request(event, 1614265330);
    EXPECT_EQ(
        request.body,
        R"({"specversion":"1.0","id":"01890a5d-ac96-774b-bcce-b302099a8057","source":"/moai/tenants/acme%2050%25%2F%C3%BC",)"
        R"("type":"user.created","time":"2026-11-22T08:00:00.123456Z","datacontenttype":"application/json",)"
        R"("data":{"b": 1.0, "a":"\u00e9", "a":1e2}})");
    EXPECT_EQ(request.header_lines.front(), "content-type: application/cloudevents+json");
}

TEST(RequestBuilder, IsABinaryCloudEventWhoseBodyIsThePayload) {
    ClaimedDelivery event = delivery();
    event.format = "cloudevents-binary";
    event.tenant = "default";
    const auto request = build_request(event, 1614265330);
    EXPECT_EQ(request.body, event.payload);
    EXPECT_THAT(
        request.header_lines,
        testing::IsSupersetOf({"content-type: application/json", "ce-specversion: 1.0",
                               "ce-id: 01890a5d-ac96-774b-bcce-b302099a8057", "ce-source: /moai/tenants/default",
                               "ce-type: user.created", "ce-time: 2026-11-22T08:00:00.123456Z"}));
}

TEST(RequestBuilder, HasTheSubscriptionsMethodAndBearsItsHeadersToo) {
    ClaimedDelivery own = delivery();
    own.method = "PUT";
    own.headers = "authorization: Bearer x y\nx-region: eu";
    const auto request = build_request(own, 1);
    EXPECT_EQ(request.method, "PUT");
    ASSERT_EQ(request.header_lines.size(), 9U);
    EXPECT_EQ(request.header_lines[7], "authorization: Bearer x y");
    EXPECT_EQ(request.header_lines[8], "x-region: eu");
    EXPECT_EQ(build_request(delivery(), 1).method, "POST");
}

TEST(RequestBuilder, EscapesATypeThatHoldsWhatTypesMayNot) {
    ClaimedDelivery odd = delivery();
    odd.event_type = "a\"b\\c\n";
    odd.payload = "1";
    EXPECT_EQ(build_request(odd, 1).body, R"({"type":"a\"b\\c\n","timestamp":"2026-11-22T08:00:00.123456Z","data":1})");
}

TEST(RequestBuilder, SignsWithEachSecretInTheirOrder) {
    ClaimedDelivery rotating = delivery();
    const std::string older = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
    rotating.secret += " " + older;
    const auto request = build_request(rotating, 1614265330);
    const auto signature = [&](const std::string& secret) {
        return moai::delivery::sign(moai::delivery::Secret::parse(secret), rotating.event_id, 1614265330, request.body);
    };
    EXPECT_THAT(request.header_lines,
                testing::Contains("webhook-signature: " + signature(delivery().secret) + " " + signature(older)));
    EXPECT_EQ(request.signed_with, key_id(delivery().secret) + " " + key_id(older)) << "for the log of attempts";
    for (const char* wrong : {" ", "  ", " whsec_"}) {
        rotating.secret = delivery().secret + wrong;
        EXPECT_THROW(static_cast<void>(build_request(rotating, 1)), std::invalid_argument) << wrong;
    }
}

TEST(RequestBuilder, BearsTheHeadersOfTheDesignAndNoOthers) {
    const auto request = build_request(delivery(), 1614265330);
    const auto secret = moai::delivery::Secret::parse(delivery().secret);
    EXPECT_THAT(
        request.header_lines,
        ElementsAre("content-type: application/json", "user-agent: moai/" + std::string(moai::config::kVersion),
                    "webhook-id: 01890a5d-ac96-774b-bcce-b302099a8057", "webhook-timestamp: 1614265330",
                    "webhook-signature: " + moai::delivery::sign(secret, delivery().event_id, 1614265330, request.body),
                    "moai-subscription-id: 0b0c6b1e-7f0b-4c39-9c0f-1f6a3d1f0a11", "moai-attempt: 3"));
    EXPECT_EQ(request.url, "https://example.com/hook");
    EXPECT_EQ(request.timeout, std::chrono::milliseconds(15'000));
}

TEST(RequestBuilder, RefusesAnUnknownFormatAndASecretThatCannotBeUsed) {
    ClaimedDelivery unknown = delivery();
    unknown.format = "xml";
    EXPECT_THROW((void)build_request(unknown, 1), std::invalid_argument);
    ClaimedDelivery unsigned_one = delivery();
    unsigned_one.secret = "whsec_";
    EXPECT_THROW((void)build_request(unsigned_one, 1), std::invalid_argument);
}

}  // namespace
