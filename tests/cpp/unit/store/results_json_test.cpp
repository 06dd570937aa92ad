// What moai.complete_deliveries is sent, whatever a receiver answered.
#include "store/results_json.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "store/base64.hpp"

namespace moai::store {
namespace {

DeliveryResult a_result() {
    DeliveryResult result;
    result.event_id = "0190a000-0000-7000-8000-000000000001";
    result.subscription_id = "0190a000-0000-7000-8000-000000000002";
    result.lease_token = -9'223'372'036'854'775'807;
    result.attempt_no = 3;
    result.outcome = DeliveryResult::Outcome::failed;
    result.started_at_us = 1'700'000'000'123'456;
    result.total_us = 4'567;
    return result;
}

nlohmann::json sent(const DeliveryResult& result) {
    return nlohmann::json::parse(results_to_json(std::vector{result})).at(0);
}

TEST(ResultsJson, NamesTheFieldsOfTheContract) {
    DeliveryResult result = a_result();
    result.http_status = 503;
    result.error_class = "http_status";
    result.error_detail = "Service Unavailable";
    result.url = "http://example.com/";
    result.remote_address = "127.0.0.1:8080";
    result.signed_with = "0a1b2c3d";
    result.response_headers = "a: 1\nb: 2";
    result.response_body = "busy";
    result.response_bytes = 4;
    result.dns_us = 1;
    result.connect_us = 2;
    result.tls_us = 3;
    result.first_byte_us = 4;
    result.retry_after_us = 5'000'000;
    EXPECT_EQ(sent(result), nlohmann::json::parse(R"({
        "event_id": "0190a000-0000-7000-8000-000000000001", "subscription_id": "0190a000-0000-7000-8000-000000000002",
        "lease_token": -9223372036854775807, "attempt_no": 3, "outcome": "failed", "started_at_us": 1700000000123456,
        "http_status": 503, "error_class": "http_status", "error_detail": "Service Unavailable",
        "url": "http://example.com/", "remote_address": "127.0.0.1:8080", "signed_with": "0a1b2c3d",
        "response_headers": "a: 1\nb: 2", "response_body": "YnVzeQ==", "response_bytes": 4,
        "dns_us": 1, "connect_us": 2, "tls_us": 3, "first_byte_us": 4, "total_us": 4567,
        "retry_after_us": 5000000})"));
}

TEST(ResultsJson, LeavesOutWhatIsUnset) {
    const nlohmann::json object = sent(a_result());
    for (const char* name : {"http_status", "error_class", "error_detail", "remote_address", "response_body", "dns_us",
                             "tls_us", "retry_after_us"}) {
        EXPECT_FALSE(object.contains(name)) << name;
    }
}

TEST(ResultsJson, NamesEachOutcome) {
    DeliveryResult result = a_result();
    result.outcome = DeliveryResult::Outcome::delivered;
    EXPECT_EQ(sent(result).at("outcome"), "delivered");
    result.outcome = DeliveryResult::Outcome::released;
    EXPECT_EQ(sent(result).at("outcome"), "released");
}

TEST(ResultsJson, CarriesABinaryBodyAsBase64) {
    DeliveryResult result = a_result();
    result.response_body = std::string("\x00\xff\xfe\x80\n\"\\", 7);
    EXPECT_EQ(sent(result).at("response_body"), "AP/+gAoiXA==");
}

TEST(ResultsJson, ReplacesWhatPostgresqlWouldRefuseInATextField) {
    DeliveryResult result = a_result();
    result.error_detail = std::string("bad \xff and \0 end", 15);
    const std::string text = results_to_json(std::vector{result});
    EXPECT_EQ(text.find("\\u0000"), std::string::npos);
    EXPECT_EQ(nlohmann::json::parse(text).at(0).at("error_detail"), "bad \xEF\xBF\xBD and \xEF\xBF\xBD end");
}

TEST(ResultsJson, KeepsTheOrderOfTheBatch) {
    DeliveryResult first = a_result(), second = a_result();
    first.attempt_no = 1;
    second.attempt_no = 2;
    const auto array = nlohmann::json::parse(results_to_json(std::vector{first, second}));
    ASSERT_EQ(array.size(), 2U);
    EXPECT_EQ(array.at(0).at("attempt_no"), 1);
    EXPECT_EQ(array.at(1).at("attempt_no"), 2);
    EXPECT_EQ(results_to_json({}), "[]");
}

TEST(Base64, EncodesTheVectorsOfRfc4648) {
    EXPECT_EQ(to_base64(""), "");
    EXPECT_EQ(to_base64("f"), "Zg==");
    EXPECT_EQ(to_base64("fo"), "Zm8=");
    EXPECT_EQ(to_base64("foo"), "Zm9v");
    EXPECT_EQ(to_base64("foob"), "Zm9vYg==");
    EXPECT_EQ(to_base64("fooba"), "Zm9vYmE=");
    EXPECT_EQ(to_base64("foobar"), "Zm9vYmFy");
}

}  // namespace
}  // namespace moai::store
