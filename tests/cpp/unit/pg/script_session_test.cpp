// Taking apart the one text in which libpqxx hands over an error.
#include "pg/script_session.hpp"

#include <gtest/gtest.h>

namespace moai::pg {
namespace {

TEST(ErrorFromReport, FindsMessageDetailAndHint) {
    const Error error = error_from_report(
        "MO422", "ERROR:  the type is too long\nDETAIL:  300 bytes\nHINT:  at most 256\nCONTEXT:  PL/pgSQL\n");
    EXPECT_STREQ(error.what(), "the type is too long");
    EXPECT_EQ(error.sqlstate(), "MO422");
    EXPECT_EQ(error.detail(), "300 bytes");
    EXPECT_EQ(error.hint(), "at most 256");
}

TEST(ErrorFromReport, JoinsLinesAndDropsThePosition) {
    const Error error = error_from_report("42601", "ERROR:  syntax error\n  at the end\nLINE 1: SELEC\n        ^\n");
    EXPECT_STREQ(error.what(), "syntax error at the end");
    EXPECT_EQ(error.detail(), "");
}

TEST(ErrorFromReport, TakesATextThatIsNoReport) {
    EXPECT_STREQ(error_from_report("XX000", "all is lost").what(), "all is lost");
    EXPECT_STREQ(error_from_report("XX000", "").what(), "");
}

}  // namespace
}  // namespace moai::pg
