// json_check: the promises of src/api/json_check.hpp, one test each.
#include "api/json_check.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <ctime>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

namespace moai::api {
namespace {

const JsonRules kBatch{.array_allowed = true};

int status(std::string_view body, const JsonRules& rules = kBatch) {
    const auto problem = check_json(body, rules);
    return problem ? problem->status : 0;
}

std::string detail(std::string_view body, const JsonRules& rules = kBatch) {
    const auto problem = check_json(body, rules);
    return problem ? problem->detail : "";
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

/// Of this thread: other programs on the machine do not count.
std::chrono::nanoseconds cpu_time() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

TEST(JsonCheck, TakesWhatTheGrammarTakes) {
    for (const char* body :
         {R"({})", R"( {"type":"a.b","payload":{"x":[1,-0,1.5e+9,1E-2,true,false,null,""]}} )",
          R"([{"a":1},{"a":2},3])", R"({"payload":"\u0000"})", R"({"payload":"\ud800"})", R"({"payload":1e400000})",
          R"({"payload":{"a":1,"a":2}})", "{\"payload\":\"\xf0\x9f\x98\x80\x7f\"}",
          R"({"payload":"\"\\\/\b\f\n\r\t\u00e9"})", "\t\r\n{}\n"}) {
        EXPECT_EQ(status(body), 0) << body << ": " << detail(body);
    }
}

TEST(JsonCheck, NamesTheByteWhereTheSyntaxBreaks) {
    const std::vector<std::pair<std::string, std::string>> broken{
        {"nonsense", "not JSON, at byte 1"},
        {"{\"a\":1} x", "after the end of its JSON, at byte 8"},
        {"{}{}", "after the end of its JSON, at byte 2"},
        {"{\"a\":1", "ends inside its JSON, at byte 6"},
        {"{\"a\"", "at byte 4"},
        {"{\"a\" 1}", "at byte 5"},
        {"{a:1}", "at byte 1"},
        {"{\"a\":1,}", "at byte 7"},
        {"[1,]", "at byte 3"},
        {"{'a':1}", "at byte 1"},
        {"[01]", "at byte 2"},
        {"[1.]", "at byte 3"},
        {"[.5]", "at byte 1"},
        {"[1e]", "at byte 3"},
        {"[-]", "at byte 2"},
        {"[+1]", "at byte 1"},
        {"[NaN]", "at byte 1"},
        {"[nul]", "at byte 4"},
        {"[\"\\x\"]", "at byte 3"},
        {"[\"\\u12g4\"]", "at byte 6"},
        {"[\"a\nb\"]", "at byte 3"},
        {"[\"\xc0\x80\"]", "not UTF-8, at byte 2"},
        {"[\"\xed\xa0\x80\"]", "not UTF-8, at byte 2"},
        {"[\"\xf4\x90\x80\x80\"]", "not UTF-8, at byte 2"},
        {"[\"\xe2\x82\"]", "not UTF-8, at byte 2"},
        {"\xef\xbb\xbf{}", "at byte 0"},
        {std::string("{}\0", 3), "at byte 2"},
        {"[1}", "at byte 2"},
        {"{\"a\":1]", "at byte 6"},
        {"{\"a\":\"", "ends inside its JSON, at byte 6"},
    };
    for (const auto& [body, text] : broken) {
        EXPECT_EQ(status(body), 400) << body;
        EXPECT_NE(detail(body).find(text), std::string::npos) << body << ": " << detail(body);
    }
}

TEST(JsonCheck, RefusesAnEmptyBody) {
    EXPECT_EQ(status(""), 400);
    EXPECT_EQ(status(" \r\n"), 400);
}

TEST(JsonCheck, TakesAPayloadOfTheDepthAllowedAndNoDeeper) {
    EXPECT_EQ(status(R"({"type":"a","payload":)" + nested(512) + "}"), 0);
    EXPECT_EQ(status(R"({"type":"a","payload":)" + nested(513) + "}"), 422);
    EXPECT_EQ(status(R"([{"payload":)" + nested(512) + "}]"), 0);
    EXPECT_EQ(status(R"([{"payload":)" + nested(513) + "}]"), 0) << "SQL refuses the one item";
    EXPECT_EQ(status(R"([{"payload":)" + nested(2000) + "}]"), 0);
    EXPECT_EQ(detail(R"([{"a":1},{"payload":)" + nested(2001) + "}]"), "[1].payload is nested deeper than 2000 levels");
    EXPECT_EQ(detail(R"({"payload":)" + nested(513) + "}"), "payload is nested deeper than 512 levels");
}

TEST(JsonCheck, FindsAbsurdDepthAtOnceWithoutRecursion) {
    for (const std::size_t depth : {10'000U, 1'000'000U}) {
        const std::string body = R"({"payload":)" + nested(depth) + "}";
        const auto begin = cpu_time();
        EXPECT_EQ(status(body), 422);
        EXPECT_EQ(status(std::string(depth, '[')), 422);
        EXPECT_LT(cpu_time() - begin, std::chrono::milliseconds(50));
    }
}

TEST(JsonCheck, ReadsAMebibyteFast) {
    std::string body = R"({"payload":[)";
    while (body.size() < (1U << 20)) {
        body += R"({"key":"value with \"escapes\" and ä","n":-12.5e3,"deep":[[[[]]]]},)";
    }
    body += "null]}";
    const auto begin = cpu_time();
    EXPECT_EQ(status(body), 0);
    EXPECT_LT(cpu_time() - begin, std::chrono::seconds(2));
}

TEST(JsonCheck, NamesAFieldGivenTwiceInAnEnvelopeHoweverItIsSpelled) {
    EXPECT_EQ(detail(R"({"type":"a","type":"b"})"), "type is given twice");
    EXPECT_EQ(detail(R"({"type":"a","ty\u0070e":"b"})"), "type is given twice");
    EXPECT_EQ(detail(R"([{"a":1},{"a":1,"b":2,"a":3}])"), "[1].a is given twice");
    EXPECT_EQ(status(R"([{"a":1},{"a":1}])"), 0);
    EXPECT_EQ(status(R"({"a":1,"a":2)"), 400) << "a syntax error outranks it";
    EXPECT_EQ(status(R"({"\ud800":1,"\ud800":2})"), 422);
}

TEST(JsonCheck, ShowsOfALongNameItsFirst64BytesInWholeCharacters) {
    const std::string name = std::string(63, 'n') + "é" + std::string(40'000, 'n');
    const auto problem = check_json("{\"" + name + "\":1,\"" + name + "\":2}", kBatch);
    ASSERT_TRUE(problem);
    EXPECT_EQ(problem->detail, std::string(63, 'n') + "… is given twice");
    EXPECT_EQ(problem->values, std::string(63, 'n') + "…");
    EXPECT_EQ(detail("{\"" + name + "\":" + nested(513) + "}"),
              std::string(63, 'n') + "… is nested deeper than 512 levels");
    const auto unwanted = check_json("{\"" + name + "\":1}", {.fields_allowed = false});
    ASSERT_TRUE(unwanted);
    EXPECT_EQ(unwanted->values, std::string(63, 'n') + "…");
}

TEST(JsonCheck, TakesSixtyFourFieldsInAnEnvelopeAndNoMore) {
    const auto object = [](int fields) {
        std::string text = "{";
        for (int i = 0; i < fields; ++i) {
            text += (i == 0 ? "\"f" : ",\"f") + std::to_string(i) + "\":{}";
        }
        return text + "}";
    };
    EXPECT_EQ(status(object(64)), 0);
    EXPECT_EQ(detail(object(65)), "the body has more than 64 fields");
    EXPECT_EQ(status("[" + object(64) + "," + object(64) + "]"), 0);
    EXPECT_EQ(detail("[{}," + object(65) + "]"), "[1] has more than 64 fields");
    EXPECT_EQ(status(R"({"payload":)" + object(1'000) + "}"), 0) << "the payload is the client's own";
}

TEST(JsonCheck, WantsAnObjectOrWhereAllowedABatchOfOneToAThousand) {
    const JsonRules object;
    EXPECT_EQ(status("[{}]", object), 422);
    for (const char* body : {"1", "\"a\"", "null", "true"}) {
        EXPECT_EQ(status(body), 422) << body;
    }
    EXPECT_EQ(status("[]"), 422);
    const auto batch = [](int items) {
        std::string body = "[{}";
        for (int i = 1; i < items; ++i) {
            body += ",{}";
        }
        return body + "]";
    };
    EXPECT_EQ(status(batch(1'000)), 0);
    EXPECT_EQ(status(batch(1'001)), 422);
}

TEST(JsonCheck, WhereNoFieldsBelongTakesOnlyAnEmptyObject) {
    const JsonRules nothing{.fields_allowed = false};
    EXPECT_EQ(status("{}", nothing), 0);
    const auto problem = check_json(R"({"force":true})", nothing);
    ASSERT_TRUE(problem);
    EXPECT_EQ(problem->status, 422);
    EXPECT_EQ(problem->values, "force");
}

// nlohmann's parser is the second opinion: on texts without lone surrogates and huge numbers both must agree.
TEST(JsonCheck, AgreesWithAnotherParserOnMangledTexts) {
    std::mt19937 random(7);  // a fixed seed, so that a failure can be repeated
    const std::string good = R"({"a":[1,-2.5,0.1e3,true,false,null],"b":{"c":"d\n\u00e9","e":[]},"f":"é","g":{}})";
    const std::string alphabet = "{}[],:\"\\0123456789.eE+-truefalsn u\xc3\xa9\x01";
    const JsonRules any{.array_allowed = true, .max_items = 1'000'000};
    int refused = 0;
    for (int round = 0; round < 50'000; ++round) {
        std::string text = good;
        for (unsigned edits = 1 + random() % 3; edits > 0; --edits) {
            const std::size_t at = random() % text.size();
            if (random() % 2 == 0) {
                text.erase(at, 1);
            } else {
                text[at] = alphabet[random() % alphabet.size()];
            }
        }
        const bool other = nlohmann::json::accept(text);
        const int mine = status(text, any);
        if (other) {
            ASSERT_NE(mine, 400) << text << ": " << detail(text, any);
        } else if (text.find("\\u") == std::string::npos) {
            ASSERT_EQ(mine, 400) << text;
        }
        refused += other ? 0 : 1;
    }
    EXPECT_GT(refused, 10'000);
    EXPECT_LT(refused, 49'000);
}

TEST(JsonCheck, TellsTheFieldsOfAnObjectAndWhereTheirValuesBegin) {
    JsonFields fields;
    const std::string text = R"({"a": 1,"b":{"a":2,"c":[{"d":0}]} , "\u0065" :null})";
    ASSERT_FALSE(check_json(text, {}, fields));
    ASSERT_EQ(fields.size(), 3U);
    EXPECT_EQ(text.substr(fields.at("a"), 2), "1,");
    EXPECT_EQ(text.substr(fields.at("b"), 4), "{\"a\"");
    EXPECT_EQ(text.substr(fields.at("e"), 4), "null");
}

TEST(JsonCheck, NamesTheTextAsItIsToldTo) {
    const JsonRules rules{.subject = "the line"};
    EXPECT_EQ(check_json("", rules)->detail, "the line is empty; JSON is expected");
    EXPECT_EQ(check_json("[]", rules)->detail, "the line must be a JSON object");
    EXPECT_EQ(check_json("{", rules)->detail, "the line ends inside its JSON, at byte 1");
}

}  // namespace
}  // namespace moai::api
