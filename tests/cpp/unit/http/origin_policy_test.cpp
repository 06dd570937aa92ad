// origin_policy: the promises of src/http/origin_policy.hpp, one test each.
#include "http/origin_policy.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace moai::http {
namespace {

FramedRequest request(std::string method, std::vector<api::Header> headers) {
    FramedRequest result;
    result.method = std::move(method);
    result.host = "localhost:3000";
    result.headers = std::move(headers);
    return result;
}

TEST(OriginPolicy, LetsClientsThatAreNoBrowsersAndPagesOfTheSameOriginPass) {
    for (const std::vector<api::Header>& headers :
         {std::vector<api::Header>{},
          {{"origin", "http://localhost:3000"}},
          {{"origin", "HTTPS://LocalHost:3000"}},
          {{"origin", "http://localhost:3000"}, {"sec-fetch-site", "same-origin"}},
          {{"sec-fetch-site", "none"}}}) {
        EXPECT_FALSE(cross_origin_objection(request("POST", headers)));
    }
}

TEST(OriginPolicy, RefusesWhatComesFromAnotherOrigin) {
    const std::vector<api::Header> foreign{{"origin", "http://evil.example"},
                                           {"origin", "null"},
                                           {"origin", ""},
                                           {"origin", "localhost:3000"},
                                           {"origin", "http://localhost"},
                                           {"origin", "http://localhost:8080"},
                                           {"origin", "http://localhost:3000.evil.example"},
                                           {"origin", "http://evil.example/http://localhost:3000"},
                                           {"origin", "ftp://localhost:3000"},
                                           {"sec-fetch-site", "cross-site"},
                                           {"sec-fetch-site", "same-site"},
                                           {"sec-fetch-site", "another-planet"}};
    for (const api::Header& header : foreign) {
        for (const char* method : {"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"}) {
            const auto problem = cross_origin_objection(request(method, {{"accept", "*/*"}, header}));
            ASSERT_TRUE(problem) << method << ' ' << header.name << ' ' << header.value;
            EXPECT_EQ(problem->status, 403);
            EXPECT_EQ(problem->code, "cross_origin");
            EXPECT_NE(problem->values.find("= " + header.value), std::string::npos) << problem->values;
            EXPECT_FALSE(problem->hint.empty());
        }
        EXPECT_FALSE(cross_origin_objection(request("GET", {header})));
        EXPECT_FALSE(cross_origin_objection(request("HEAD", {header})));
    }
}

TEST(OriginPolicy, WantsEachOfSeveralHeadersToBeItsOwn) {
    EXPECT_TRUE(cross_origin_objection(
        request("POST", {{"origin", "http://localhost:3000"}, {"origin", "http://evil.example"}})));
    EXPECT_TRUE(
        cross_origin_objection(request("POST", {{"sec-fetch-site", "same-origin"}, {"sec-fetch-site", "cross-site"}})));
    EXPECT_TRUE(cross_origin_objection(
        request("POST", {{"sec-fetch-site", "same-origin"}, {"origin", "http://evil.example"}})));
}

}  // namespace
}  // namespace moai::http
