// The small adapters between libpq and pg: parameters, errors without a server, results without rows.
#include "pg/libpq_handles.hpp"

#include <gtest/gtest.h>

#include <array>

#include "pg/result.hpp"

namespace moai::pg {
namespace {

TEST(ParameterValues, EndWithAZeroByteAlthoughTheViewsDoNot) {
    const std::string text = "abcdef";
    const std::array<Param, 3> params{std::string_view(text).substr(0, 3), std::nullopt, std::string_view()};
    const ParameterValues values(params);
    ASSERT_EQ(values.count(), 3);
    EXPECT_STREQ(values.pointers()[0], "abc");
    EXPECT_EQ(values.pointers()[1], nullptr);
    EXPECT_STREQ(values.pointers()[2], "");
}

TEST(ParameterValues, RefuseAZeroByteAndNameTheParameter) {
    const std::array<Param, 2> params{"fine", std::string_view("a\0b", 3)};
    try {
        const ParameterValues values(params);
        FAIL() << "taken";
    } catch (const Error& error) {
        EXPECT_EQ(error.sqlstate(), "22021");
        EXPECT_EQ(error.detail(), "$2");
    }
}

TEST(MustPrepareAgain, HoldsForChangedColumnsAndUnknownStatementsOnly) {
    EXPECT_TRUE(must_prepare_again(Error("0A000", "cached plan must not change result type")));
    EXPECT_TRUE(must_prepare_again(Error("26000", "prepared statement \"moai_1\" does not exist")));
    for (const char* state : {"", "42P05", "42883", "40001", "57014"}) {
        EXPECT_FALSE(must_prepare_again(Error(state, "m"))) << state;
    }
}

TEST(ErrorOf, TakesSuccessForNone) {
    for (const ExecStatusType status : {PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY}) {
        PGresult* success = PQmakeEmptyPGresult(nullptr, status);
        const Result owner(success);
        EXPECT_FALSE(error_of(nullptr, success)) << PQresStatus(status);
    }
}

TEST(ErrorOf, CallsACopyTheEndOfTheConnection) {
    PGresult* copy = PQmakeEmptyPGresult(nullptr, PGRES_COPY_OUT);
    const Result owner(copy);
    EXPECT_TRUE(is_copy(copy));
    const auto error = error_of(nullptr, copy);
    ASSERT_TRUE(error);
    EXPECT_TRUE(error->connection_lost());
}

TEST(ConnectionError, HasWordsEvenWithoutAConnection) {
    const Error error = connection_error(nullptr);
    EXPECT_STRNE(error.what(), "");
    EXPECT_TRUE(error.connection_lost());
}

TEST(Result, IsEmptyByDefault) {
    const Result none;
    EXPECT_EQ(none.rows(), 0);
    EXPECT_EQ(none.columns(), 0);
    EXPECT_EQ(none.text(0, 0), "");
    EXPECT_THROW(std::ignore = none.column("id"), std::out_of_range);
}

}  // namespace
}  // namespace moai::pg
