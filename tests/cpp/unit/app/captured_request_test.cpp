// parse_captured_request: what people capture, and what is no request.
#include "app/captured_request.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace moai::app {
namespace {

using ::testing::HasSubstr;

std::string fault(std::string_view text) {
    try {
        static_cast<void>(parse_captured_request(text));
        return "none";
    } catch (const NotARequest& error) {
        return error.what();
    }
}

TEST(CapturedRequest, HasHeadersInAnyCaseAndTheBodysBytes) {
    const auto request = parse_captured_request(std::string_view(
        "POST /hook HTTP/1.1\r\nHost: a\r\nWebhook-ID:  1 \r\nContent-Length: 7\r\n\r\n{\"a\"\r\n\0", 75));
    EXPECT_EQ(request.header("webhook-id"), "1");
    EXPECT_EQ(request.header("absent"), "");
    EXPECT_EQ(request.body, std::string_view("{\"a\"\r\n\0", 7));
}

TEST(CapturedRequest, NeedsNoRequestLineAndNoCarriageReturns) {
    const auto request = parse_captured_request("webhook-id: 1\nx-empty:\n\n{}");
    EXPECT_EQ(request.header("webhook-id"), "1");
    EXPECT_EQ(request.header("x-empty"), "");
    EXPECT_EQ(request.body, "{}");
}

TEST(CapturedRequest, BeginsWithAHeaderThoughThatNamesAVersion) {
    EXPECT_EQ(parse_captured_request("user-agent: x HTTP/1.1\n\n").header("user-agent"), "x HTTP/1.1");
    EXPECT_EQ(parse_captured_request("POST http://a:1/ HTTP/1.1\nhost: a\n\n").headers.size(), 1U);
}

TEST(CapturedRequest, EndsWhereContentLengthSays) {
    EXPECT_EQ(parse_captured_request("content-length: 2\n\n{}\n").body, "{}");
    EXPECT_EQ(parse_captured_request("content-length: 0\n\n").body, "");
    EXPECT_EQ(parse_captured_request("a: b\n\n{}\n").body, "{}\n")
        << "nothing says that the line end is not the body's";
}

TEST(CapturedRequest, HeadersOfOneNameAreOneList) {
    EXPECT_EQ(
        parse_captured_request("webhook-signature: v1,a\nwebhook-signature: v1,b\n\n").header("webhook-signature"),
        "v1,a v1,b");
}

TEST(CapturedRequest, WhatIsMissingIsSaid) {
    EXPECT_THAT(fault(""), HasSubstr("no empty line"));
    EXPECT_THAT(fault("POST / HTTP/1.1\r\na: b\r\n"), HasSubstr("no empty line"));
    EXPECT_THAT(fault("content-length: 5\n\n{}"), HasSubstr("2 of the 5 bytes"));
    EXPECT_THAT(fault("content-length: two\n\n{}"), HasSubstr("no number: two"));
    EXPECT_THAT(fault("content-length: -1\n\n{}"), HasSubstr("no number: -1"));
    EXPECT_THAT(fault("transfer-encoding: chunked\n\n2\r\n{}\r\n0\r\n\r\n"), HasSubstr("in chunks"));
    EXPECT_THAT(fault("{\"type\"\n\n"), HasSubstr("\"{\"type\"\" is not a header"));
    EXPECT_THAT(fault("a : b\n\n"), HasSubstr("not a header"));
    EXPECT_THAT(fault(": b\n\n"), HasSubstr("not a header"));
}

}  // namespace
}  // namespace moai::app
