// Secret: what is a key, what is not and why, and how it is written.
#include "delivery/secret.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "delivery/base64.hpp"
#include "delivery/signature.hpp"

namespace {

using moai::delivery::base64_encode;
using moai::delivery::Secret;

// The vector of Svix's libraries.
const std::string kPrivate =
    "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
const std::string kPublic = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";

std::string key_of(std::string_view prefix, std::size_t bytes) {
    const std::string key(bytes, 'k');
    return std::string(prefix) + base64_encode(reinterpret_cast<const unsigned char*>(key.data()), key.size());
}

std::string refusal(const std::string& text) {
    try {
        static_cast<void>(Secret::parse(text));
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "";
}

TEST(Secret, TellsItsKindByItsPrefixAndIsSymmetricWithoutOne) {
    EXPECT_EQ(Secret::parse(key_of("whsec_", 24)).kind(), Secret::Kind::symmetric);
    EXPECT_EQ(Secret::parse(key_of("", 64)).kind(), Secret::Kind::symmetric);
    EXPECT_EQ(Secret::parse(kPrivate).kind(), Secret::Kind::private_key);
    EXPECT_EQ(Secret::parse(kPublic).kind(), Secret::Kind::public_key);
}

TEST(Secret, OfEd25519IsWrittenAsItWasRead) {
    EXPECT_EQ(Secret::parse(kPrivate).private_text(), kPrivate);
    EXPECT_EQ(Secret::parse(kPrivate).public_text(), kPublic);
    EXPECT_EQ(Secret::parse(kPublic).public_text(), kPublic);
}

TEST(Secret, ThatIsMadeIsAPairOfItsOwn) {
    const Secret made = Secret::generate();
    EXPECT_EQ(Secret::parse(made.private_text()).public_text(), made.public_text());
    EXPECT_NE(made.private_text(), Secret::generate().private_text());
}

TEST(Secret, OfEd25519IsRefusedByItsLengthAndWhereItsHalvesDoNotBelongTogether) {
    EXPECT_EQ(refusal(key_of("whsk_", 32)), "the key has 32 bytes, it must have 64");
    EXPECT_EQ(refusal(key_of("whsk_", 65)), "the key has 65 bytes, it must have 64");
    EXPECT_EQ(refusal(key_of("whpk_", 31)), "the key has 31 bytes, it must have 32");
    EXPECT_EQ(refusal("whsk_"), "the secret is empty");
    EXPECT_EQ(refusal("whpk_*"), "the secret is not base64 of the standard alphabet with padding");
    EXPECT_EQ(refusal(key_of("whsk_", 64)), "the two halves of the private key do not belong together");
}

}  // namespace
