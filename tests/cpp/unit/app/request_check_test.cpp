// check_request: the vector of the specification's libraries, at its edges, and what is told first.
#include "app/request_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/exit_code.hpp"

namespace moai::app {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr std::int64_t kSignedAt = 1'614'265'330;
const std::string kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

CapturedRequest captured(const std::string& signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
                         const std::string& body = R"({"test": 2432232314})") {
    return {.headers = {{"webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"},
                        {"webhook-timestamp", std::to_string(kSignedAt)},
                        {"webhook-signature", signature}},
            .body = body};
}

RequestCheck checked(const CapturedRequest& request, std::int64_t now = kSignedAt) {
    return check_request(request, kSecret, now, 300s);
}

TEST(RequestCheck, TakesWhatTheSecretSigned) {
    const auto check = checked(captured());
    EXPECT_TRUE(check.verified);
    EXPECT_EQ(check.verdict, "accepted");
    EXPECT_EQ(check.hint, "");
    EXPECT_EQ(check.id, "msg_p5jXN8AQM9LWM0D4loKWxJek");
    EXPECT_EQ(check.timestamp, "1614265330");
}

TEST(RequestCheck, TheToleranceIsInclusiveBothWays) {
    for (const std::int64_t distance : {-300, 300}) {
        EXPECT_TRUE(checked(captured(), kSignedAt + distance).verified) << distance;
    }
    EXPECT_EQ(checked(captured(), kSignedAt + 301).verdict, "webhook-timestamp is too old");
    EXPECT_EQ(checked(captured(), kSignedAt - 301).verdict, "webhook-timestamp is too new");
    EXPECT_THAT(checked(captured(), kSignedAt + 301).hint, HasSubstr("--at"));
}

TEST(RequestCheck, AWrongSignatureIsToldBeforeAWrongTime) {
    for (const std::int64_t now : {kSignedAt, kSignedAt + 10'000, kSignedAt - 10'000}) {
        const auto check = checked(captured("v1,dawfeoifkpqwoekfpqoekf"), now);
        EXPECT_FALSE(check.verified);
        EXPECT_EQ(check.verdict, "no signature matches");
        EXPECT_THAT(check.hint, HasSubstr("moai-subscription-id"));
        EXPECT_EQ(checked(captured("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", "{}"), now).verdict,
                  "no signature matches");
    }
}

TEST(RequestCheck, WhatIsMissingOrNoTimeIsSaid) {
    EXPECT_EQ(checked({}).verdict, "a webhook header is missing");
    auto request = captured();
    request.headers[1].second = "hello";
    EXPECT_EQ(checked(request).verdict, "webhook-timestamp is not an integer");
}

TEST(RequestCheck, ASecretThatIsNoneIsAConfigurationError) {
    EXPECT_THROW(static_cast<void>(check_request(captured(), "whsec_!", kSignedAt, 300s)), config::Failure);
}

}  // namespace
}  // namespace moai::app
