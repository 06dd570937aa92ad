// Numbers in the rows of the worker functions; the rows themselves need a server
// (integration/store_delivery_queue_test.cpp).
#include "store/claim_rows.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace moai::store {
namespace {

TEST(NumberFromText, ReadsTheWholeRange) {
    EXPECT_EQ(number_from_text("0", "c"), 0);
    EXPECT_EQ(number_from_text("-9223372036854775808", "c"), INT64_MIN);
    EXPECT_EQ(number_from_text("9223372036854775807", "c"), INT64_MAX);
}

TEST(NumberFromText, RefusesWhatIsNoNumberAndNamesTheColumn) {
    for (const char* text : {"", " 1", "1 ", "1.0", "1e3", "9223372036854775808", "x"}) {
        EXPECT_THROW(std::ignore = number_from_text(text, "timeout_ms"), std::runtime_error) << text;
    }
    try {
        std::ignore = number_from_text("soon", "timeout_ms");
        FAIL() << "taken";
    } catch (const std::runtime_error& error) {
        EXPECT_NE(std::string(error.what()).find("timeout_ms"), std::string::npos);
    }
}

TEST(ClaimFromRows, RefusesRowsWithoutItsColumns) {
    EXPECT_THROW(std::ignore = claim_from_rows(pg::Result()), std::out_of_range);
}

TEST(RecordedFromRows, RefusesNoRow) {
    EXPECT_THROW(std::ignore = recorded_from_rows(pg::Result()), std::runtime_error);
}

}  // namespace
}  // namespace moai::store
