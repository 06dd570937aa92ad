#include "base/json_string.hpp"

#include <gtest/gtest.h>

namespace moai::base {
namespace {

std::string json_of(std::string_view text) {
    std::string out = "x";
    append_json_string(out, text);
    return out;
}

TEST(JsonString, PlainTextIsQuotedAsItIs) {
    EXPECT_EQ(json_of(""), R"(x"")");
    EXPECT_EQ(json_of("user.created ~ 1/2"), R"(x"user.created ~ 1/2")");
}

TEST(JsonString, WhatJsonGivesAMeaningIsEscaped) {
    EXPECT_EQ(json_of(R"(a"b\c)"), R"(x"a\"b\\c")");
    EXPECT_EQ(json_of("\n\t\x01\x1f"), R"(x"\n\t\u0001\u001f")");
    EXPECT_EQ(json_of(std::string_view("\0", 1)), R"(x"\u0000")");
}

TEST(JsonString, Utf8StaysAndWhatIsNotBecomesTheReplacementCharacter) {
    EXPECT_EQ(json_of("\x7f"), "x\"\x7f\"");
    EXPECT_EQ(json_of("grün ✓"), "x\"grün ✓\"");
    EXPECT_EQ(json_of("a\xff"), "x\"a\xEF\xBF\xBD\"");
}

}  // namespace
}  // namespace moai::base
