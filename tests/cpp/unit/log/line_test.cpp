// The text of log lines.
#include "log/line.hpp"

#include <gtest/gtest.h>

#include <array>
#include <nlohmann/json.hpp>

namespace moai::log {
namespace {

const auto kAt = std::chrono::system_clock::from_time_t(1'767'225'600) + std::chrono::microseconds(42);  // 2026-01-01

TEST(HumanLine, HoldsTimeLevelEventAndFields) {
    const std::array fields{Field("port", 3000), Field("ready", true), Field("text", "two words")};
    EXPECT_EQ(human_line(kAt, Level::info, "API listening", fields),
              "2026-01-01T00:00:00.000042Z INFO  API listening port=3000 ready=true text=\"two words\"");
}

TEST(HumanLine, StaysOneLineWhateverAValueHolds) {
    const std::array fields{Field("evil", "a\nERROR fake\r\x1b[31m\"\\")};
    const std::string line = human_line(kAt, Level::warning, "refused", fields);
    EXPECT_EQ(line.find('\n'), std::string::npos);
    EXPECT_EQ(line.find('\x1b'), std::string::npos);
    EXPECT_NE(line.find(R"(evil="a\nERROR fake\r\x1b[31m\"\\")"), std::string::npos) << line;
}

TEST(HumanLine, ShowsAnEmptyValueAsQuotes) {
    const std::array fields{Field("empty", "")};
    EXPECT_TRUE(human_line(kAt, Level::error, "e", fields).ends_with("ERROR e empty=\"\""));
}

TEST(JsonLine, IsOneObjectWithTypedValues) {
    const std::array fields{Field("count", std::uint64_t{18'446'744'073'709'551'615U}), Field("below", -1),
                            Field("ratio", 0.5), Field("yes", false), Field("text", "a\"b\nc")};
    const std::string line = json_line(kAt, Level::debug, "claimed", fields);
    EXPECT_EQ(line.find('\n'), std::string::npos);
    const auto json = nlohmann::json::parse(line);
    EXPECT_EQ(json["time"], "2026-01-01T00:00:00.000042Z");
    EXPECT_EQ(json["level"], "debug");
    EXPECT_EQ(json["event"], "claimed");
    EXPECT_EQ(json["count"].get<std::uint64_t>(), 18'446'744'073'709'551'615U);
    EXPECT_EQ(json["below"], -1);
    EXPECT_EQ(json["ratio"], 0.5);
    EXPECT_EQ(json["yes"], false);
    EXPECT_EQ(json["text"], "a\"b\nc");
}

TEST(JsonLine, ReplacesBytesThatAreNotUtf8) {
    const std::array fields{Field("bytes", "\xff\xfe")};
    const auto json = nlohmann::json::parse(json_line(kAt, Level::info, "e", fields));
    EXPECT_EQ(json["bytes"], "\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(JsonLine, KeepsItsOwnKeysWhenAFieldHasTheSameName) {
    const std::array fields{Field("event", "user.created"), Field("level", 3)};
    const auto json = nlohmann::json::parse(json_line(kAt, Level::info, "published", fields));
    EXPECT_EQ(json["event"], "published");
    EXPECT_EQ(json["event_"], "user.created");
    EXPECT_EQ(json["level_"], 3);
}

TEST(Threshold, SilencesWhatLiesBelowIt) {
    init(Format::human, Level::warning);
    EXPECT_FALSE(enabled(Level::info));
    EXPECT_TRUE(enabled(Level::error));
    init(Format::human, Level::info);
    EXPECT_TRUE(enabled(Level::info));
}

}  // namespace
}  // namespace moai::log
