// query: the promises of src/api/query.hpp, one test each.
#include "api/query.hpp"

#include <gtest/gtest.h>

#include "api/json_string.hpp"
#include "api/utf8.hpp"

namespace moai::api {
namespace {

TEST(PercentDecode, DecodesTextAndRefusesTheRest) {
    EXPECT_EQ(percent_decode("a%20b%C3%A9+c", false), "a b\xc3\xa9+c");
    EXPECT_EQ(percent_decode("a+b", true), "a b");
    for (const char* raw : {"%", "%4", "a%4", "%zz", "%-1", "%00", "%ff", "%c3", "%ed%a0%80"}) {
        EXPECT_FALSE(percent_decode(raw, false)) << raw;
    }
}

TEST(Query, BecomesAJsonObjectOfStrings) {
    QueryFields fields;
    ASSERT_FALSE(parse_query("limit=10&&type=a%22b&empty=&flag&x=a=b", fields));
    EXPECT_EQ(query_json(fields), R"({"limit":"10","type":"a\"b","empty":"","flag":"","x":"a=b"})");
    EXPECT_EQ(query_json({}), "{}");
}

TEST(Query, NamesAParameterGivenTwice) {
    QueryFields fields;
    const auto problem = parse_query("limit=1&li%6dit=2", fields);
    ASSERT_TRUE(problem);
    EXPECT_EQ(problem->status, 422);
    EXPECT_EQ(problem->values, "limit");
}

TEST(Query, RefusesBadEncoding) {
    QueryFields fields;
    const auto problem = parse_query("a=%ff", fields);
    ASSERT_TRUE(problem);
    EXPECT_EQ(problem->status, 400);
}

TEST(Utf8, KnowsWellFormedText) {
    for (const char* text : {"", "a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                             "\xf4\x8f\xbf\xbf"}) {
        EXPECT_TRUE(is_text(text)) << text;
    }
    for (const char* text : {"\x80", "\xc0\xaf", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
                             "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xc3", "\xe2\x82", "\xe2\x82\x41"}) {
        EXPECT_FALSE(is_text(text)) << ::testing::PrintToString(text);
    }
    EXPECT_FALSE(is_text(std::string_view("a\0b", 3)));
    EXPECT_EQ(count_characters("a\xc3\xa9\xf0\x9f\x98\x80"), 3U);
}

TEST(UnescapeJson, DecodesEscapesAndReplacesLoneSurrogates) {
    EXPECT_EQ(unescape_json(R"(a\n\"\\\/é)"), "a\n\"\\/\xc3\xa9");
    EXPECT_EQ(unescape_json(R"(\ud83d\ude00)"), "\xf0\x9f\x98\x80");
    EXPECT_EQ(unescape_json(R"(\ud83dx\ude00)"), "\xef\xbf\xbdx\xef\xbf\xbd");
    EXPECT_EQ(unescape_json(R"(\\ud83d)"), "\\ud83d");
}

}  // namespace
}  // namespace moai::api
