// response_text: the promises of src/http/response_text.hpp, one test each.
#include "http/response_text.hpp"

#include <gtest/gtest.h>

#include "http/request_ids.hpp"

namespace moai::http {
namespace {

TEST(ResponseText, CarriesLengthConnectionAndRequestId) {
    const std::string text = response_text({200, "text/plain", "hello", {{"X-A", "b"}}}, {true, false, "id-1"});
    EXPECT_EQ(text,
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nConnection: keep-alive\r\n"
              "X-Request-Id: id-1\r\nX-A: b\r\n\r\nhello");
}

TEST(ResponseText, LeavesTheBodyOutForHeadButNotItsLength) {
    const std::string text = response_text({200, "text/plain", "hello", {}}, {false, true, "i"});
    EXPECT_NE(text.find("Content-Length: 5\r\n"), std::string::npos);
    EXPECT_NE(text.find("Connection: close\r\n"), std::string::npos);
    EXPECT_TRUE(text.ends_with("\r\n\r\n"));
}

TEST(ResponseText, Gives204NeitherBodyNorLength) {
    const std::string text = response_text({204, "application/json", "x", {}}, {true, false, "i"});
    EXPECT_EQ(text, "HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\nX-Request-Id: i\r\n\r\n");
}

TEST(ResponseText, DropsHeadersThatWouldBreakTheFraming) {
    const std::string text = response_text(
        {200, "text/plain", "", {{"X-A", "b\r\nX-Evil: 1"}, {"X B", "c"}, {"X-C", "d\n"}}}, {true, false, "i"});
    EXPECT_EQ(text.find("Evil"), std::string::npos);
    EXPECT_EQ(text.find("X B"), std::string::npos);
    EXPECT_EQ(text.find("X-C"), std::string::npos);
}

TEST(RequestIds, AreFreshAndDifferUnlessASaneOneIsGiven) {
    RequestIds ids;
    EXPECT_NE(ids.id_for({}), ids.id_for({}));
    EXPECT_EQ(ids.id_for({{"x-request-id", "abc"}}), "abc");
    EXPECT_EQ(ids.id_for({{"x-request-id", std::string(128, 'a')}}).size(), 128U);
    for (const std::string& bad :
         {std::string(), std::string("a b"), std::string("a\xc3\xa4"), std::string(129, 'a')}) {
        EXPECT_NE(ids.id_for({{"x-request-id", bad}}), bad);
    }
}

}  // namespace
}  // namespace moai::http
