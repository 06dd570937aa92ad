// The API from socket to schema: requests as clients send them, against the real functions.
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "api/router.hpp"
#include "http/server.hpp"
#include "pg/connection.hpp"
#include "store/rest_calls.hpp"
#include "support/raw_client.hpp"
#include "support/test_database.hpp"

namespace moai {
namespace {

using nlohmann::json;
using test::RawClient;
using test::RawResponse;

class ApiTest : public ::testing::Test {
protected:
    void SetUp() override {
        http::ServerOptions options;
        options.listen = {"127.0.0.1", 0};
        options.threads = 2;
        options.answers_at_once = api::Router::answers_at_once;
        options.body_optional = api::Router::body_optional;
        options.goes_in_group = api::Router::goes_in_group;
        server_ = std::make_unique<http::Server>(
            std::move(options), [this](const api::Request& request) { return router_.handle(request); },
            [this](std::span<const api::Request* const> group) { return router_.handle_group(group); });
        server_->start();
    }

    RawResponse send(const std::string& method, const std::string& target, const std::string& body = {},
                     const std::string& header_lines = {}) {
        RawClient client(server_->port());
        client.send(method + ' ' + target +
                    " HTTP/1.1\r\nHost: localhost:3000\r\nContent-Type: application/json\r\nContent-Length: " +
                    std::to_string(body.size()) + "\r\n" + header_lines + "\r\n" + body);
        return client.receive(method == "HEAD").value_or(RawResponse{});
    }

    static std::string event(const std::string& payload) {
        return R"({"type":"user.created","payload":)" + payload + "}";
    }

    test::TestDatabase database_;
    pg::Pool pool_{{database_.url(), "moai api", "", 2, std::chrono::milliseconds(2'000)}};
    pg::Pool groups_{{database_.url(), "moai api", "", 2, std::chrono::milliseconds(2'000)}};
    store::RestCalls calls_{pool_, groups_};
    api::Router router_{calls_, {[] { return api::Readiness{true, "{}"}; }, [] { return std::string(); }}};
    std::unique_ptr<http::Server> server_;
};

TEST_F(ApiTest, TakesTheDesignsExample) {
    const RawResponse response = send("POST", "/events", R"({"type": "user.created", "payload": {"userId": "123"}})");
    EXPECT_EQ(response.status, 202) << response.body;
    EXPECT_EQ(json::parse(response.body).at("duplicate"), false);
}

TEST_F(ApiTest, GivesThePayloadBackByteForByte) {
    for (const std::string payload : {R"({"b":1.0, "a":1E5,"a":"\u00e9\/é😀",  "n":-0})", R"("text")", "null", "[ ]"}) {
        const RawResponse published = send("POST", "/events", event(payload));
        ASSERT_EQ(published.status, 202) << published.body;
        const std::string path = "/events/" + json::parse(published.body).at("id").get<std::string>() + "/payload";
        EXPECT_EQ(send("GET", path).body, payload);
        const RawResponse part = send("GET", path, "", "Range: bytes=1-2\r\n");
        EXPECT_EQ(part.status, 206);
        EXPECT_EQ(part.body, payload.substr(1, 2));
    }
}

TEST_F(ApiTest, AnswersALargePayloadInParts) {
    const std::string payload = '"' + std::string(100'000, 'p') + '"';
    const RawResponse published = send("POST", "/events", event(payload));
    ASSERT_EQ(published.status, 202) << published.body;
    const std::string path = "/events/" + json::parse(published.body).at("id").get<std::string>() + "/payload";
    std::string whole;
    while (whole.size() < payload.size()) {
        const RawResponse part = send("GET", path, "", "Range: bytes=" + std::to_string(whole.size()) + "-\r\n");
        ASSERT_EQ(part.status, 206) << part.body;
        ASSERT_FALSE(part.body.empty());
        whole += part.body;
    }
    EXPECT_EQ(whole, payload);
}

TEST_F(ApiTest, NeverAnswersAPartOfAPayloadToWhoAskedForTheWhole) {
    const auto path_of = [this](std::size_t bytes) {
        const RawResponse published = send("POST", "/events", event('"' + std::string(bytes - 2, 'p') + '"'));
        return "/events/" + json::parse(published.body).at("id").get<std::string>() + "/payload";
    };
    const RawResponse whole = send("GET", path_of(45'000));
    EXPECT_EQ(whole.status, 200);
    EXPECT_EQ(whole.body.size(), 45'000U);
    const std::string path = path_of(45'001);
    for (const char* unusable : {"", "Range: bytes=0-9,20-29\r\n", "Range: lines=0-\r\n"}) {
        const RawResponse response = send("GET", path, "", unusable);
        EXPECT_EQ(response.status, 422) << unusable;
        EXPECT_NE(response.body.find("total = 45001 bytes"), std::string::npos) << response.body;
        EXPECT_NE(response.body.find("Range: bytes=0-44999"), std::string::npos) << response.body;
    }
    const RawResponse beyond = send("GET", path, "", "Range: bytes=45001-\r\n");
    EXPECT_EQ(beyond.status, 416);
    EXPECT_EQ(beyond.headers.at("content-range"), "bytes */45001");
}

TEST_F(ApiTest, RefusesNamesOfAnyLengthWithTheRightStatus) {
    const std::string name(70'000, 'n');
    const std::string other = R"("type":"a","payload":1)";
    for (const std::string& body : {"{\"" + name + "\":1,\"" + name + "\":2}", "{\"" + name + "\":\"\\u0000\"}",
                                    "{" + other + ",\"" + name + "\":1}", "[{\"" + name + "\":\"\\u0000\"}]"}) {
        const RawResponse response = send("POST", "/events", body);
        EXPECT_EQ(response.status, 422) << body.substr(0, 20) << "..." << response.body.substr(0, 200);
        EXPECT_LT(response.body.size(), 1'024U);
        EXPECT_NE(response.body.find(std::string(60, 'n')), std::string::npos) << response.body;
    }
}

TEST_F(ApiTest, RefusesBadInputAndStoresNothing) {
    const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
    std::string thousand_and_one = "[" + event("1");
    for (int i = 0; i < 1'000; ++i) {
        thousand_and_one += "," + event("1");
    }
    struct Bad {
        std::string body;
        int status;
        const char* names;  ///< what the detail must name: the field, or the thing that is wrong
    };
    const std::vector<Bad> bad{
        {"nonsense", 400, "not JSON"},
        {event("1") + "x", 400, "after the end of its JSON"},
        {"", 400, "empty"},
        {thousand_and_one + "]", 422, "1001"},
        {"[]", 422, "1 to 1000 items"},
        {R"({"payload":1})", 422, "type"},
        {R"({"type":"","payload":1})", 422, "type"},
        {R"({"type":"a..b","payload":1})", 422, "type"},
        {R"({"type":1,"payload":1})", 422, "type"},
        {R"({"type":")" + std::string(257, 'a') + R"(","payload":1})", 422, "type"},
        {R"({"type":"a"})", 422, "payload"},
        {R"({"type":"a","payload":1,"typo":2})", 422, "typo"},
        {event(R"("\u0000")"), 422, "payload"},
        {event(R"("\ud800")"), 422, "payload"},
        {event("1e400000"), 422, "payload"},
        {event(nested(513)), 422, "payload"},
        {event(nested(10'000)), 422, "payload"},
        {event('"' + std::string(1'048'576, 'x') + '"'), 422, "payload"},
        {event('"' + std::string(3U << 20, 'x') + '"'), 413, "2097152"},
        {R"({"type":"a","type":"b","payload":1})", 422, "type"},
    };
    for (const auto& [body, status, names] : bad) {
        const RawResponse response = send("POST", "/events", body);
        EXPECT_EQ(response.status, status) << body.substr(0, 80) << ": " << response.body;
        EXPECT_EQ(response.headers.at("content-type"), "application/problem+json");
        EXPECT_NE(json::parse(response.body).at("detail").get<std::string>().find(names), std::string::npos)
            << response.body;
    }
    pg::Connection admin(database_.url(), "admin");
    EXPECT_EQ(admin.query("SELECT count(*) FROM moai.event").text(0, 0), "0");
}

TEST_F(ApiTest, TakesAPayloadOfTheLargestSizeAndDepth) {
    EXPECT_EQ(send("POST", "/events", event('"' + std::string(1'048'574, 'x') + '"')).status, 202);
    EXPECT_EQ(send("POST", "/events", event(std::string(512, '[') + std::string(512, ']'))).status, 202);
}

TEST_F(ApiTest, TakesTheGoodItemsOfABatchAndNamesTheBad) {
    const RawResponse response =
        send("POST", "/events", "[" + event("1") + R"(,{"type":"","payload":1},)" + event("2") + "]");
    ASSERT_EQ(response.status, 202) << response.body;
    const auto items = json::parse(response.body).at("items");
    ASSERT_EQ(items.size(), 3U);
    EXPECT_TRUE(items[0].contains("id"));
    EXPECT_EQ(items[1].at("code"), "MO422");
    EXPECT_TRUE(items[2].contains("id"));
}

TEST_F(ApiTest, GivesTheFirstEventsIdForARepeatedKeyAndConflictsForOtherContent) {
    const std::string key = "Idempotency-Key: k-1\r\n";
    const RawResponse first = send("POST", "/events", event("1"), key);
    const RawResponse second = send("POST", "/events", event("1"), key);
    const RawResponse other = send("POST", "/events", event("2"), key);
    EXPECT_EQ(json::parse(first.body).at("id"), json::parse(second.body).at("id"));
    EXPECT_EQ(json::parse(second.body).at("duplicate"), true);
    EXPECT_EQ(other.status, 409);
}

TEST_F(ApiTest, ManagesSubscriptionsAndRefusesBadOnes) {
    const RawResponse created =
        send("POST", "/subscriptions", R"({"url":"https://example.org/hook","event_types":["user.*"]})");
    ASSERT_EQ(created.status, 201) << created.body;
    const std::string path = "/subscriptions/" + json::parse(created.body).at("id").get<std::string>();
    EXPECT_EQ(send("GET", path).status, 200);
    EXPECT_EQ(send("HEAD", path).status, 200);
    EXPECT_EQ(send("PATCH", path, R"({"max_attempts":3})").status, 200);
    EXPECT_EQ(send("POST", path + "/pause").status, 200);
    EXPECT_EQ(send("POST", path + "/resume", "{}").status, 200);
    EXPECT_EQ(send("GET", "/subscriptions?limit=1").status, 200);
    EXPECT_EQ(send("GET", "/subscriptions?nonsense=1").status, 422);
    for (const char* url : {"ftp://a/", "https://u:p@a/", "https://a b/", "https://a\\\\b/", "https:///x", ""}) {
        EXPECT_EQ(send("POST", "/subscriptions", json{{"url", url}, {"event_types", {"a"}}}.dump()).status, 422) << url;
    }
    EXPECT_EQ(send("DELETE", path).status, 204);
}

TEST_F(ApiTest, AnswersUnknownAndMalformedIdsWith404) {
    const std::string id = "01890000-0000-7000-8000-000000000000";
    for (const std::string& path :
         {"/events/" + id, std::string("/events/x"), "/events/" + id + "/payload", "/events/" + id + "/deliveries",
          "/subscriptions/" + id, "/deliveries/" + id + "_" + id, std::string("/deliveries/x"),
          std::string("/deliveries/x/attempts")}) {
        EXPECT_EQ(send("GET", path).status, 404) << path;
    }
    EXPECT_EQ(send("POST", "/deliveries/" + id + "_" + id + "/retry").status, 404);
    EXPECT_EQ(send("POST", "/deliveries/x/cancel").status, 404);
    EXPECT_EQ(send("DELETE", "/dead-letters/x").status, 404);
    EXPECT_EQ(send("GET", "/dead-letters").status, 200);
    EXPECT_EQ(send("GET", "/deliveries").status, 200);
    EXPECT_EQ(send("POST", "/dead-letters/redrive").status, 200);
}

}  // namespace
}  // namespace moai
