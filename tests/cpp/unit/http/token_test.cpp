// token: the promises of src/http/token.hpp, one test each.
#include "http/token.hpp"

#include <gtest/gtest.h>

namespace moai::http {
namespace {

TEST(Token, FindsMembersOfAList) {
    EXPECT_TRUE(has_list_member("keep-alive , CLOSE", "close"));
    EXPECT_FALSE(has_list_member("closed, not-close", "close"));
    EXPECT_FALSE(has_list_member("", "close"));
}

}  // namespace
}  // namespace moai::http
