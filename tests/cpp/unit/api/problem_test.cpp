// problem: the promises of src/api/problem.hpp, one test each.
#include "api/problem.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace moai::api {
namespace {

TEST(Problem, HasTheContractsFieldsInOrder) {
    EXPECT_EQ(
        problem_json({404, "MO404", "no such event", "id = 1", "List them."}, "r-1"),
        R"({"type":"about:blank","title":"Not Found","status":404,"code":"MO404","detail":"no such event","values":"id = 1","hint":"List them.","request_id":"r-1"})");
}

TEST(Problem, LeavesOutWhatIsEmptyAndMakesACode) {
    EXPECT_EQ(
        problem_json({.status = 405, .detail = "no"}, "r"),
        R"({"type":"about:blank","title":"Method Not Allowed","status":405,"code":"MO405","detail":"no","request_id":"r"})");
}

TEST(Problem, CannotBeBrokenByItsTexts) {
    const auto json =
        nlohmann::json::parse(problem_json({.status = 422, .detail = "\"\n\x01\xff", .values = "\xc3"}, "\"r\""));
    EXPECT_EQ(json.at("request_id"), "\"r\"");
}

TEST(Problem, StaysBelow64KiBWhateverItQuotes) {
    for (const std::string& text : {std::string(100'000, 'x'), std::string(100'000, '\x01'),
                                    std::string(100'000, '\xff'), std::string(100'000, '"')}) {
        const std::string json = problem_json({422, "MO422", text, text, text}, std::string(128, 'r'));
        EXPECT_LT(json.size(), 64U << 10);
        EXPECT_EQ(nlohmann::json::parse(json).at("status"), 422);
    }
}

TEST(Problem, OffersARetryWhenTheServiceIsUnavailable) {
    const Response response = problem_response({.status = 503, .detail = "away"}, "r");
    EXPECT_EQ(response.content_type, "application/problem+json");
    ASSERT_EQ(response.headers.size(), 1U);
    EXPECT_EQ(response.headers[0].name, "Retry-After");
    EXPECT_EQ(response.headers[0].value, "1");
    EXPECT_TRUE(problem_response({.status = 404, .detail = "no"}, "r").headers.empty());
}

}  // namespace
}  // namespace moai::api
