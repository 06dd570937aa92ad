// payload_range: the promises of src/api/payload_range.hpp, one test each.
#include "api/payload_range.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace moai::api {
namespace {

TEST(PayloadRange, ReadsOneRangeAndIgnoresEveryOtherForm) {
    EXPECT_EQ(parse_range("bytes=10-99").first, "10");
    EXPECT_EQ(parse_range("bytes=10-99").last, "99");
    EXPECT_EQ(parse_range("bytes=10-").first, "10");
    EXPECT_FALSE(parse_range("bytes=10-").last);
    EXPECT_FALSE(parse_range("bytes=-50").first);
    EXPECT_EQ(parse_range("bytes=-50").last, "50");
    for (const char* header : {"", "bytes=", "bytes=-", "bytes=--5", "bytes=1-2,4-5", "items=1-2", "bytes=a-b",
                               "bytes=1-2x", "bytes=9999999999999999999-"}) {
        EXPECT_FALSE(parse_range(header).first) << header;
        EXPECT_FALSE(parse_range(header).last) << header;
    }
}

TEST(PayloadRange, DecodesBase64) {
    EXPECT_EQ(decode_base64(""), "");
    EXPECT_EQ(decode_base64("Zg=="), "f");
    EXPECT_EQ(decode_base64("Zm8="), "fo");
    EXPECT_EQ(decode_base64("Zm9v\nYmFy"), "foobar");
    EXPECT_EQ(decode_base64("AP//"), std::string("\x00\xff\xff", 3));
    for (const char* text : {"Z", "Zg=", "Zg==Zg==", "====", "Z===", "Zm9v!"}) {
        EXPECT_FALSE(decode_base64(text)) << text;
    }
}

TEST(PayloadRange, AnswersTheWholePayloadOrAPartOfIt) {
    const Response whole = payload_response(R"({"total":6,"first":0,"last":5,"base64":"Zm9vYmFy"})");
    EXPECT_EQ(whole.status, 200);
    EXPECT_EQ(whole.body, "foobar");
    const Response part = payload_response(R"({"total":100,"first":3,"last":8,"base64":"Zm9vYmFy"})");
    EXPECT_EQ(part.status, 206);
    ASSERT_EQ(part.headers.size(), 2U);
    EXPECT_EQ(part.headers[1].name, "Content-Range");
    EXPECT_EQ(part.headers[1].value, "bytes 3-8/100");
}

TEST(PayloadRange, RefusesAnAnswerThatContradictsItself) {
    EXPECT_THROW((void)payload_response(R"({"total":6,"first":0,"last":6,"base64":"Zm9vYmFy"})"), std::runtime_error);
    EXPECT_ANY_THROW((void)payload_response("{}"));
}

}  // namespace
}  // namespace moai::api
