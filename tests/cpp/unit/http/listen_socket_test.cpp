// listen_socket: the promises of src/http/listen_socket.hpp, one test each.
#include "http/listen_socket.hpp"

#include <gtest/gtest.h>

#include "http/server.hpp"
#include "http/token.hpp"

namespace moai::http {
namespace {

TEST(ListenAddress, SplitsHostAndPort) {
    EXPECT_EQ(parse_listen_address("127.0.0.1:0").port, "0");
    EXPECT_EQ(parse_listen_address("localhost:3000").host, "localhost");
    EXPECT_EQ(parse_listen_address("[::1]:65535").host, "::1");
}

TEST(ListenAddress, RefusesWhatIsNoHostAndPort) {
    for (const char* text : {"", "localhost", ":3000", "localhost:", "localhost:x", "localhost:65536", "localhost:-1",
                             "::1:3000", "[]:80", "a:123456"}) {
        EXPECT_THROW((void)parse_listen_address(text), ListenError) << text;
    }
}

TEST(Token, FindsMembersOfAList) {
    EXPECT_TRUE(has_list_member("keep-alive , CLOSE", "close"));
    EXPECT_FALSE(has_list_member("closed, not-close", "close"));
    EXPECT_FALSE(has_list_member("", "close"));
}

}  // namespace
}  // namespace moai::http
