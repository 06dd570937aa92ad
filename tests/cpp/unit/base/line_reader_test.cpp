// Where lines begin and end, however the bytes come.
#include "base/line_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

namespace moai::base {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Gives `text` in pieces of `piece` bytes.
LineReader::Source source_of(std::string text, std::size_t piece) {
    return [text = std::move(text), piece, at = std::size_t{0}](std::span<char> into) mutable {
        const std::size_t count = std::min({piece, into.size(), text.size() - at});
        std::copy_n(text.begin() + static_cast<std::ptrdiff_t>(at), count, into.begin());
        at += count;
        return count;
    };
}

std::vector<std::string> lines_of(const std::string& text, std::size_t piece, std::size_t longest = 100) {
    LineReader reader(source_of(text, piece), longest);
    std::vector<std::string> lines;
    for (LineReader::Line line; reader.next(line);) {
        EXPECT_EQ(line.number, lines.size() + 1);
        lines.push_back(line.too_long ? "<" + std::to_string(line.length) + ">" : std::string(line.text));
    }
    EXPECT_EQ(reader.consumed(), text.size());
    return lines;
}

class LineReaderTest : public ::testing::TestWithParam<std::size_t> {};

TEST_P(LineReaderTest, EndsLinesByLineFeedByCarriageReturnAndLineFeedAndByTheEnd) {
    EXPECT_THAT(lines_of("a\nbc\r\n\n\r\nd\re\nlast", GetParam()), ElementsAre("a", "bc", "", "", "d\re", "last"));
    EXPECT_THAT(lines_of("a\n", GetParam()), ElementsAre("a"));
    EXPECT_THAT(lines_of("a\r", GetParam()), ElementsAre("a\r"));
    EXPECT_THAT(lines_of("", GetParam()), IsEmpty());
    EXPECT_THAT(lines_of("\n", GetParam()), ElementsAre(""));
}

TEST_P(LineReaderTest, SkipsAByteOrderMarkAtTheStartOnly) {
    EXPECT_THAT(lines_of("\xEF\xBB\xBF{}\n\xEF\xBB\xBF{}", GetParam()), ElementsAre("{}", "\xEF\xBB\xBF{}"));
    EXPECT_THAT(lines_of("\xEF\xBB\xBF", GetParam()), IsEmpty());
    EXPECT_THAT(lines_of("\xEF\xBB", GetParam()), ElementsAre("\xEF\xBB"));
}

TEST_P(LineReaderTest, KeepsEveryOtherByte) {
    const std::string odd("\0\xFF\t \x7f", 5);
    EXPECT_THAT(lines_of(odd + "\n" + odd, GetParam()), ElementsAre(odd, odd));
}

TEST_P(LineReaderTest, TakesTheLongestLineAndSkipsALongerOneWithItsLength) {
    const std::string fits(10, 'x');
    for (const char* end : {"\n", "\r\n"}) {
        EXPECT_THAT(lines_of(fits + end + fits + "y" + end + "z" + end, GetParam(), 10),
                    ElementsAre(fits, "<11>", "z"));
    }
    EXPECT_THAT(lines_of(fits + fits + fits, GetParam(), 10), ElementsAre("<30>"));
    EXPECT_THAT(lines_of(fits, GetParam(), 10), ElementsAre(fits));
}

INSTANTIATE_TEST_SUITE_P(Pieces, LineReaderTest, ::testing::Values(1, 2, 3, 7, 1'000'000));

TEST(LineReader, SaysHowLongALineIsThatHasNoEnd) {
    std::size_t given = 0;
    LineReader reader(
        [&](std::span<char> into) {
            std::fill(into.begin(), into.end(), 'x');
            given += into.size();
            return given < 100'000'000 ? into.size() : 0;
        },
        1'000);
    LineReader::Line line;
    ASSERT_TRUE(reader.next(line));
    EXPECT_TRUE(line.too_long);
    EXPECT_EQ(line.length, reader.consumed());
    EXPECT_GT(line.length, 99'000'000U);
    EXPECT_FALSE(reader.next(line));
}

TEST(LineReader, GoesOnAfterItsSourceFailed) {
    int calls = 0;
    LineReader reader(
        [&](std::span<char> into) -> std::size_t {
            switch (++calls) {
                case 1:
                    into[0] = 'a';
                    into[1] = '\n';
                    into[2] = 'b';
                    into[3] = 'c';
                    return 4;
                case 2: throw std::runtime_error("interrupted");
                default: return 0;
            }
        },
        100);
    LineReader::Line line;
    ASSERT_TRUE(reader.next(line));
    EXPECT_EQ(line.text, "a");
    EXPECT_THROW(static_cast<void>(reader.next(line)), std::runtime_error);
    ASSERT_TRUE(reader.next(line));
    EXPECT_EQ(line.text, "bc");
    EXPECT_EQ(line.number, 2U);
}

}  // namespace
}  // namespace moai::base
