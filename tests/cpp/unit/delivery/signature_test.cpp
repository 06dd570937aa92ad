// Standard Webhooks v1 and v1a: the published vectors and the negative cases that the reference libraries test.
#include "delivery/signature.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "delivery/base64.hpp"

namespace {

using moai::delivery::base64_decode;
using moai::delivery::base64_encode;
using moai::delivery::Secret;
using moai::delivery::sign;
using moai::delivery::Verdict;
using moai::delivery::verify;

constexpr std::string_view kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr std::string_view kId = "msg_p5jXN8AQM9LWM0D4loKWxJek";
constexpr std::int64_t kTimestamp = 1614265330;
constexpr std::string_view kTimestampText = "1614265330";
constexpr std::string_view kBody = R"({"test": 2432232314})";
constexpr std::string_view kSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

Verdict check(std::string_view signatures, std::int64_t now = kTimestamp, std::string_view timestamp = kTimestampText,
              std::string_view id = kId, std::string_view body = kBody) {
    return verify(Secret::parse(kSecret), id, timestamp, signatures, body, now);
}

std::string secret_of(std::size_t bytes) {
    const std::string key(bytes, 'k');
    return "whsec_" + base64_encode(reinterpret_cast<const unsigned char*>(key.data()), key.size());
}

std::string refusal(std::string_view secret) {
    try {
        (void)Secret::parse(secret);
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "";
}

TEST(Signature, MatchesThePublishedVector) {
    EXPECT_EQ(sign(Secret::parse(kSecret), kId, kTimestamp, kBody), kSignature);
}

TEST(Signature, MatchesTheVectorOfAnEmptyBody) {
    EXPECT_EQ(sign(Secret::parse(kSecret), kId, kTimestamp, ""), "v1,v48jdbgvh29KJz2Qc+ghw8G6vG3nAKnujWBg8oM/62A=");
}

TEST(Signature, MatchesTheVectorOfEd25519) {
    constexpr std::string_view kPrivate =
        "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
    constexpr std::string_view kPublic = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";
    const std::string signature =
        "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==";
    EXPECT_EQ(sign(Secret::parse(kPrivate), kId, kTimestamp, kBody), signature);
    for (const auto key : {kPrivate, kPublic}) {
        const auto judged = [&](const std::string& signatures, std::string_view body = kBody) {
            return verify(Secret::parse(key), kId, kTimestampText, signatures, body, kTimestamp);
        };
        EXPECT_EQ(judged(signature), Verdict::accepted);
        EXPECT_EQ(judged(std::string(kSignature) + " " + signature), Verdict::accepted) << "while one replaces another";
        EXPECT_EQ(judged(signature, "{}"), Verdict::no_match);
        EXPECT_EQ(judged("v1," + signature.substr(4)), Verdict::no_match) << "it is of the other version";
        for (const std::string wrong : {"v1a,", "v1a,*", "v1a,QUJD"}) {
            EXPECT_EQ(judged(wrong), Verdict::no_match) << wrong;
        }
    }
    EXPECT_THROW(static_cast<void>(sign(Secret::parse(kPublic), kId, kTimestamp, kBody)), std::invalid_argument);
    EXPECT_EQ(check(signature), Verdict::no_match) << "nor does a symmetric secret take it";
}

TEST(Signature, CoversEveryByteOfTheBody) {
    std::string body("a\0b", 3);
    const std::string one = sign(Secret::parse(kSecret), kId, kTimestamp, body);
    body[2] = 'c';
    EXPECT_NE(one, sign(Secret::parse(kSecret), kId, kTimestamp, body));
}

TEST(Signature, TakesTheSecretWithAndWithoutItsPrefix) {
    EXPECT_EQ(Secret::parse(kSecret).bytes(), Secret::parse(kSecret.substr(6)).bytes());
    EXPECT_EQ(Secret::parse(kSecret).bytes().size(), 24U);
}

TEST(Signature, TakesSecretsOf24To64Bytes) {
    EXPECT_EQ(Secret::parse(secret_of(24)).bytes().size(), 24U);
    EXPECT_EQ(Secret::parse(secret_of(64)).bytes().size(), 64U);
    for (const std::size_t size : {1U, 10U, 23U, 65U, 81U}) {
        EXPECT_EQ(refusal(secret_of(size)), "the secret has " + std::to_string(size) + " bytes, it must have 24 to 64");
    }
}

TEST(Signature, RefusesEmptySecrets) {
    EXPECT_EQ(refusal(""), "the secret is empty");
    EXPECT_EQ(refusal("whsec_"), "the secret is empty");
}

TEST(Signature, RefusesSecretsThatAreNotPaddedBase64AndNeverRepeatsThem) {
    const std::string not_base64 = "the secret is not base64 of the standard alphabet with padding";
    for (const std::string_view secret :
         {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwBr",
          "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa-_", " MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
          "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n\n\n\n", "whsec_whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
          "====", "MfKQ9r8G====YqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8G"}) {
        EXPECT_EQ(refusal(secret), not_base64) << secret;
    }
}

TEST(Signature, RefusesToSignAnAmbiguousIdOrANegativeTime) {
    const Secret secret = Secret::parse(kSecret);
    EXPECT_THROW((void)sign(secret, "", kTimestamp, kBody), std::invalid_argument);
    EXPECT_THROW((void)sign(secret, "msg.1", kTimestamp, kBody), std::invalid_argument);
    EXPECT_THROW((void)sign(secret, kId, -1, kBody), std::invalid_argument);
}

TEST(Verify, AcceptsItsOwnSignature) { EXPECT_EQ(check(kSignature), Verdict::accepted); }

TEST(Verify, FindsTheRightOneInAListAndSkipsOtherVersions) {
    const std::string list =
        "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= "
        "v2,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= " +
        std::string(kSignature) + " v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=";
    EXPECT_EQ(check(list), Verdict::accepted);
}

TEST(Verify, DoesNotTakeTheRightBytesUnderAnotherVersion) {
    EXPECT_EQ(check("v2," + std::string(kSignature.substr(3))), Verdict::no_match);
    EXPECT_EQ(check("v1a," + std::string(kSignature.substr(3))), Verdict::no_match);
}

TEST(Verify, RefusesMissingHeaders) {
    EXPECT_EQ(check(""), Verdict::missing_header);
    EXPECT_EQ(check(kSignature, kTimestamp, ""), Verdict::missing_header);
    EXPECT_EQ(check(kSignature, kTimestamp, kTimestampText, ""), Verdict::missing_header);
}

TEST(Verify, RefusesTimestampsThatAreNotPlainIntegers) {
    for (const std::string_view text :
         {"hello", "1614265330.5", "1614265330 ", "+1614265330", "-1", "0x10", "99999999999999999999999999"}) {
        EXPECT_EQ(check(kSignature, kTimestamp, text), Verdict::bad_timestamp) << text;
    }
}

TEST(Verify, ToleratesThreeHundredSecondsInBothDirections) {
    EXPECT_EQ(check(kSignature, kTimestamp + 300), Verdict::accepted);
    EXPECT_EQ(check(kSignature, kTimestamp - 300), Verdict::accepted);
    EXPECT_EQ(check(kSignature, kTimestamp + 301), Verdict::too_old);
    EXPECT_EQ(check(kSignature, kTimestamp - 301), Verdict::too_new);
}

TEST(Verify, RefusesWrongAndCutSignatures) {
    for (const std::string_view signature : {"v1,dawfeoifkpqwoekfpqoekf", "v1,", "v1", ",", " ", "v1,g0hM9",
                                             "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}) {
        EXPECT_EQ(check(signature), Verdict::no_match) << signature;
    }
    EXPECT_EQ(check(kSignature.substr(0, 8)), Verdict::no_match);
}

TEST(Verify, RefusesAnotherBodyAnotherIdAndAnotherSecret) {
    EXPECT_EQ(check(kSignature, kTimestamp, kTimestampText, kId, R"({"test":2432232314})"), Verdict::no_match);
    EXPECT_EQ(check(kSignature, kTimestamp, kTimestampText, "msg_other"), Verdict::no_match);
    EXPECT_EQ(check(kSignature, kTimestamp, "1614265331"), Verdict::no_match);
    EXPECT_EQ(verify(Secret::parse(secret_of(32)), kId, kTimestampText, kSignature, kBody, kTimestamp),
              Verdict::no_match);
}

TEST(Base64, IsItsOwnInverseForEveryLength) {
    std::vector<unsigned char> bytes;
    for (unsigned i = 0; i < 300; ++i) {
        ASSERT_EQ(base64_decode(base64_encode(bytes.data(), bytes.size())), bytes);
        bytes.push_back(static_cast<unsigned char>(i * 7U + 251U));
    }
}

TEST(Base64, RefusesStrayBitsWhiteSpaceAndPaddingInside) {
    for (const std::string_view text : {"QQ=", "QR==", "Q===", "QQ==QQ==", "QUJ D", " QUJ", "QUJ\n", "QU-_", "éQQ"}) {
        EXPECT_EQ(base64_decode(text), std::nullopt) << text;
    }
}

}  // namespace
