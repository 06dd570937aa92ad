// Which lines of a file of events are fit, and that what is added leaves every byte where it was.
#include "app/event_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace moai::app {
namespace {

using ::testing::HasSubstr;

constexpr std::uint64_t kLine = 7;
const EventLineDefaults kNothing{};
const EventLineDefaults kBoth{.tenant = "acme", .key_prefix = "import \"1\""};

std::string completed(std::string text, const EventLineDefaults& defaults) {
    EventLineFacts facts;
    const auto problem = complete_event_line(text, kLine, defaults, facts);
    return problem ? "refused: " + problem->detail : text;
}

bool has_key(std::string text, const EventLineDefaults& defaults) {
    EventLineFacts facts;
    EXPECT_FALSE(complete_event_line(text, kLine, defaults, facts));
    return facts.has_key;
}

api::Problem refused(std::string text, std::uint64_t number = kLine) {
    EventLineFacts facts;
    return complete_event_line(text, number, kBoth, facts).value_or(api::Problem{.status = 200});
}

TEST(EventLine, IsLeftAsItIsWithoutDefaults) {
    const std::string line = " { \"payload\" :\t{\"b\":1.50,\"a\":\"\\u00e9\\/\",\"a\":1e400} , \"type\":\"x\" } ";
    EXPECT_EQ(completed(line, kNothing), line);
}

TEST(EventLine, GetsWhatItDoesNotSayInFrontOfItsOwnBytes) {
    EXPECT_EQ(completed(R"( { "type":"a","payload":{"tenant":1}})", kBoth),
              R"( {"idempotency_key":"import \"1\":7","tenant":"acme", "type":"a","payload":{"tenant":1}})");
    EXPECT_EQ(completed("{}", kBoth), R"({"idempotency_key":"import \"1\":7","tenant":"acme"})");
}

TEST(EventLine, KeepsWhatItSaysItself) {
    const std::string line = R"({"tenant":"t","idempotency_key":"k","payload":null})";
    EXPECT_EQ(completed(line, kBoth), line);
    // A name may be written with escapes.
    EXPECT_EQ(completed(R"({"\u0074enant":"t","idempotency_ke\u0079":"k"})", kBoth),
              R"({"\u0074enant":"t","idempotency_ke\u0079":"k"})");
}

TEST(EventLine, TakesNullForUnsaid) {
    EXPECT_EQ(completed(R"({"tenant": null,"payload":null,"idempotency_key":null })", kBoth),
              R"({"tenant": "acme","payload":null,"idempotency_key":"import \"1\":7" })");
    EXPECT_EQ(completed(R"({"payload":null,"idempotency_key" : null})", kBoth),
              R"({"tenant":"acme","payload":null,"idempotency_key" : "import \"1\":7"})");
}

TEST(EventLine, KnowsWhetherItHasAKey) {
    EXPECT_FALSE(has_key(R"({"payload":{"idempotency_key":"k"}})", kNothing));
    EXPECT_FALSE(has_key(R"({"idempotency_key":null})", kNothing));
    EXPECT_TRUE(has_key(R"({"idempotency_key":"k"})", kNothing));
    EXPECT_TRUE(has_key("{}", kBoth));
}

TEST(EventLine, IsRefusedWithThePlaceTheBeginningAndTheNextStep) {
    const api::Problem broken = refused(R"({"type":"a",})");
    EXPECT_EQ(broken.status, 400);
    EXPECT_EQ(broken.detail, "the line is not JSON, at byte 12");
    EXPECT_EQ(broken.values, R"(line = {"type":"a",})");
    EXPECT_THAT(broken.hint, HasSubstr("one event a line"));
    EXPECT_EQ(refused("{\"a\":\"\xFF\"}").detail, "the line is not UTF-8, at byte 6");
    EXPECT_EQ(refused(std::string("{\"a\":\"\0\"}", 9)).detail, "the line holds a zero byte, at byte 6");
    EXPECT_EQ(refused("{} {}").detail, "the line goes on after the end of its JSON, at byte 3");
    EXPECT_EQ(refused("17").detail, "the line must be a JSON object");
    EXPECT_EQ(refused(R"({"type":"a","type":"b"})").detail, "type is given twice");
    EXPECT_EQ(refused("{\"payload\":" + std::string(513, '[') + std::string(513, ']') + "}").detail,
              "payload is nested deeper than 512 levels");
}

TEST(EventLine, NamesTheCureForFilesOfAnotherKind) {
    EXPECT_THAT(refused("[{\"type\":\"a\"}]").hint, HasSubstr("jq -c '.[]'"));
    EXPECT_THAT(refused("[").hint, HasSubstr("jq -c '.[]'"));
    EXPECT_THAT(refused("{").hint, HasSubstr("jq -c ."));
    EXPECT_THAT(refused(std::string("\xFF\xFE{\0", 4), 1).hint, HasSubstr("iconv -f UTF-16"));
}

TEST(EventLine, ShowsNoMoreThanTheBeginningOfALongOne) {
    EXPECT_LT(refused("{\"payload\":\"" + std::string(100'000, 'x')).values.size(), 100U);
    EXPECT_THAT(too_long_event_line(5'000'000).detail, HasSubstr("5000000 bytes long, 1114112 are allowed"));
}

}  // namespace
}  // namespace moai::app
