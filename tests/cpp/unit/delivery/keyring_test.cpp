// Keyring: a key is read once, and its name tells nothing of it.
#include "delivery/keyring.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace moai::delivery {
namespace {

constexpr const char* kText = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

TEST(Keyring, ReadsAKeyOnce) {
    Keyring keyring;
    const auto* first = &keyring.key(kText);
    EXPECT_EQ(first, &keyring.key(kText));
    EXPECT_EQ(first->secret.bytes(), Secret::parse(kText).bytes());
}

// printf %s whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw | sha256sum
TEST(Keyring, NamesAKeyByTheBeginningOfItsHash) { EXPECT_EQ(Keyring().key(kText).id, "96ad2ccd"); }

TEST(Keyring, RefusesWhatIsNoKeyEachTime) {
    Keyring keyring;
    for (int i = 0; i < 2; ++i) {
        EXPECT_THROW(static_cast<void>(keyring.key("whsec_")), std::invalid_argument);
    }
}

TEST(Keyring, KeepsABoundedNumberOfKeysAndReadsTheOthersAgain) {
    Keyring keyring;
    for (int i = 0; i < 5'000; ++i) {
        static_cast<void>(keyring.key("whsec_" + std::to_string(10'000'000 + i) + std::string(24, 'A')));
    }
    EXPECT_LE(keyring.size(), 4'096U);
    EXPECT_EQ(keyring.key(kText).secret.bytes(), Secret::parse(kText).bytes());
}

}  // namespace
}  // namespace moai::delivery
