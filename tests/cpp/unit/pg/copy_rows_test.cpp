// The bytes of PostgreSQL's binary COPY format (its manual, COPY, "Binary Format").
#include "pg/copy_rows.hpp"

#include <gtest/gtest.h>

namespace moai::pg {
namespace {

std::string bytes(std::initializer_list<int> values) {
    std::string text;
    for (const int value : values) {
        text += static_cast<char>(value);
    }
    return text;
}

const std::string kHeader = "PGCOPY\n" + bytes({0xFF, '\r', '\n', 0, 0, 0, 0, 0, 0, 0, 0, 0});

TEST(CopyRows, AreHeaderAndEndWithoutARow) { EXPECT_EQ(CopyRows().finish(), kHeader + bytes({0xFF, 0xFF})); }

TEST(CopyRows, CarryLengthsBeforeValues) {
    CopyRows rows;
    rows.begin_row(2);
    rows.integer(-2);
    rows.text(std::string_view("a\0\\", 3));
    EXPECT_EQ(rows.finish(), kHeader + bytes({0, 2}) + bytes({0, 0, 0, 4, 0xFF, 0xFF, 0xFF, 0xFE}) +
                                 bytes({0, 0, 0, 3, 'a', 0, '\\'}) + bytes({0xFF, 0xFF}));
}

}  // namespace
}  // namespace moai::pg
