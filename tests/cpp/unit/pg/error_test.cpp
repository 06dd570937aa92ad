// The three questions that pg::Error answers, for every class of SQLSTATE that decides something.
#include "pg/error.hpp"

#include <gtest/gtest.h>

namespace moai::pg {
namespace {

TEST(PgError, IsRetryableForSerializationFailureAndDeadlockOnly) {
    EXPECT_TRUE(Error("40001", "m").retryable());
    EXPECT_TRUE(Error("40P01", "m").retryable());
    for (const char* state : {"", "40002", "23505", "08006", "57P01", "57014", "MO409"}) {
        EXPECT_FALSE(Error(state, "m").retryable()) << state;
    }
}

TEST(PgError, SaysThatTheConnectionIsLost) {
    for (const char* state : {"", "08000", "08006", "08P01", "57P01", "57P02", "57P03", "57P05", "25006"}) {
        EXPECT_TRUE(Error(state, "m").connection_lost()) << state;
    }
}

TEST(PgError, SaysThatTheConnectionIsStillGood) {
    for (const char* state : {"57014", "40001", "23505", "MO422", "53300", "25001", "25P02", "42883"}) {
        EXPECT_FALSE(Error(state, "m").connection_lost()) << state;
    }
}

TEST(PgError, SaysThatTheOutcomeIsUnknownUnlessTheServerRefusedTheStatement) {
    for (const char* state : {"", "08000", "08006", "57P01", "57P02", "57P05"}) {
        EXPECT_TRUE(Error(state, "m").outcome_unknown()) << state;
    }
    for (const char* state : {"25006", "57014", "40001", "23505", "MO422", "53300"}) {
        EXPECT_FALSE(Error(state, "m").outcome_unknown()) << state;
    }
}

TEST(PgError, KeepsMessageDetailAndHintApart) {
    const Error error("MO422", "message", "detail", "hint");
    EXPECT_STREQ(error.what(), "message");
    EXPECT_EQ(error.sqlstate(), "MO422");
    EXPECT_EQ(error.detail(), "detail");
    EXPECT_EQ(error.hint(), "hint");
}

}  // namespace
}  // namespace moai::pg
