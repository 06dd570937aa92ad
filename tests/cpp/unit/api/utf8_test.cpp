// utf8: the promises of src/api/utf8.hpp, one test each.
#include "api/utf8.hpp"

#include <gtest/gtest.h>

#include <string>

namespace moai::api {
namespace {

TEST(Utf8, ShortensToWholeCharacters) {
    EXPECT_EQ(shortened("abcd", 4), "abcd");
    EXPECT_EQ(shortened("abcde", 4), "abcd…");
    EXPECT_EQ(shortened("abcé", 4), "abc…");
    EXPECT_EQ(shortened("abc😀", 4), "abc…");
    EXPECT_EQ(shortened("abc😀", 6), "abc…");
    EXPECT_EQ(shortened("abc😀", 7), "abc😀");
    EXPECT_EQ(shortened("é", 1), "…");
}

TEST(Utf8, ShortensWhatIsNotUtf8Too) {
    const std::string bytes(100, '\x80');
    EXPECT_LE(shortened(bytes, 64).size(), 64U + 3U);
    EXPECT_GE(shortened(bytes, 64).size(), 61U + 3U);
}

}  // namespace
}  // namespace moai::api
