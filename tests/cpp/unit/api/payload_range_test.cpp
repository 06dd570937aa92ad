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

TEST(PayloadRange, ObjectsToHandingOutAPartAsTheWhole) {
    EXPECT_FALSE(whole_payload_objection(R"({"total":6,"first":0,"last":5,"base64":"Zm9vYmFy"})"));
    const auto problem = whole_payload_objection(R"({"total":100000,"first":0,"last":44999,"base64":""})");
    ASSERT_TRUE(problem);
    EXPECT_EQ(problem->status, 422);
    EXPECT_EQ(problem->values, "total = 100000 bytes, in one answer = 45000 bytes");
    EXPECT_EQ(problem->hint, "Ask for its parts: \"Range: bytes=0-44999\", then from 45000 on.");
    EXPECT_ANY_THROW((void)whole_payload_objection("{}"));
}

TEST(PayloadRange, SaysHowLongThePayloadIsWhenARangeLiesOutside) {
    EXPECT_EQ(unsatisfied_range("first = 10, total = 10"), "bytes */10");
    EXPECT_EQ(unsatisfied_range("total = 0"), "bytes */0");
    EXPECT_FALSE(unsatisfied_range("total = ?"));
}

TEST(PayloadRange, RefusesAnAnswerThatContradictsItself) {
    EXPECT_THROW((void)payload_response(R"({"total":6,"first":0,"last":6,"base64":"Zm9vYmFy"})"), std::runtime_error);
    EXPECT_ANY_THROW((void)payload_response("{}"));
}

}  // namespace
}  // namespace moai::api
