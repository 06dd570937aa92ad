// What requests look like: method, headers and formats of a subscription's own, as receivers see them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "support/eventually.hpp"
#include "support/fake_receiver.hpp"
#include "support/json_text.hpp"
#include "support/moai_process.hpp"
#include "support/moai_sql.hpp"
#include "support/rest_client.hpp"
#include "support/test_database.hpp"

namespace moai::test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

struct Requests : ::testing::Test {
    TestDatabase database;
    FakeReceiver receiver;
    pg::Connection sql{database.url(), "test"};
    // One request at a time, so that each is sent by what sent the one before.
    MoaiProcess moai{server("run", database.url(), {"--concurrency", "1"})};
    RestClient api{api_port(moai)};

    /// The subscription's id.
    std::string subscribe_by_rest(const std::string& path, const std::string& more) {
        const auto answer =
            api.post("/subscriptions", R"({"url":")" + receiver.url(path) + R"(","event_types":["*"])" + more + "}");
        EXPECT_EQ(answer.status, 201) << answer.body;
        return json_at(answer.body, "/id");
    }
    ReceivedRequest request_to(const std::string& path) {
        const auto requests = receiver.requests();
        const auto found =
            std::find_if(requests.begin(), requests.end(), [&](const ReceivedRequest& r) { return r.path == path; });
        EXPECT_NE(found, requests.end()) << path;
        return found == requests.end() ? ReceivedRequest{} : *found;
    }
};

TEST_F(Requests, AreLoggedWithWhereTheyWentWhichKeysSignedThemAndWhatTheAnswersHeadSaid) {
    receiver.on("/old", Answer{.status = 500, .headers = {{"X-Request-Id", "r-1"}}});
    receiver.on("/new", Answer{.headers = {{"X-Request-Id", "r-2"}}, .body = "\xFF\x01"});
    const std::string id = subscribe_by_rest("/old", R"(,"retry_base":"3s")");
    const std::string old_key = json_at(api.request("GET", "/subscriptions/" + id).body, "/key_id");
    const std::string event = publish(sql);
    ASSERT_TRUE(eventually([&] { return state_of(sql, event) == "retrying"; }));
    ASSERT_EQ(api.post("/subscriptions/" + id + "/rotate-secret", "").status, 200);
    ASSERT_EQ(api.request("PATCH", "/subscriptions/" + id, R"({"url":")" + receiver.url("/new") + R"("})").status, 200);
    const std::string new_key = json_at(api.request("GET", "/subscriptions/" + id).body, "/key_id");
    ASSERT_TRUE(eventually([&] { return state_of(sql, event) == "delivered"; }));

    const std::string log = api.request("GET", "/deliveries/" + event + "_" + id + "/attempts").body;
    EXPECT_EQ(json_at(log, "/items/1/url"), receiver.url("/old"));
    EXPECT_EQ(json_at(log, "/items/1/signed_with"), R"([")" + old_key + R"("])");
    EXPECT_THAT(json_at(log, "/items/1/response_headers"), HasSubstr("X-Request-Id: r-1"));
    EXPECT_EQ(json_at(log, "/items/0/url"), receiver.url("/new"));
    EXPECT_EQ(json_at(log, "/items/0/signed_with"), R"([")" + new_key + R"(",")" + old_key + R"("])");
    EXPECT_THAT(json_at(log, "/items/0/response_headers"), HasSubstr("X-Request-Id: r-2"));
    EXPECT_EQ(json_at(log, "/items/0/response_body_base64"), "/wE=") << "what is no text";
}

TEST_F(Requests, HaveTheMethodAndTheHeadersOfTheirSubscriptionAndOfNoOther) {
    const std::string id =
        subscribe_by_rest("/put", R"(,"method":"PUT","headers":{"X-Region":"eu 1","Authorization":"Bearer hush"})");
    static_cast<void>(subscribe_by_rest("/plain", ""));
    for (int n = 0; n < 3; ++n) {
        publish(sql, std::to_string(n));
    }
    ASSERT_TRUE(receiver.wait_for(6, 20s)) << moai.err();
    for (const ReceivedRequest& request : receiver.requests()) {
        const bool is_put = request.path == "/put";
        EXPECT_EQ(request.method, is_put ? "PUT" : "POST");
        EXPECT_EQ(request.header("x-region"), is_put ? "eu 1" : "");
        EXPECT_EQ(request.header("authorization"), is_put ? "Bearer hush" : "");
        EXPECT_THAT(request.body, HasSubstr(R"("type":"test.event")"));
    }
    const std::string shown = api.request("GET", "/subscriptions/" + id).body;
    EXPECT_EQ(json_at(shown, "/headers/x-region"), "eu 1");
    EXPECT_EQ(json_at(shown, "/headers/authorization"), "***");
    EXPECT_THAT(api.request("GET", "/subscriptions").body + api.request("GET", "/metrics").body + moai.err(),
                Not(HasSubstr("hush")));
    const auto changed =
        api.request("PATCH", "/subscriptions/" + id, R"({"method":"POST","headers":{"x-region":null,"x-new":"1"}})");
    EXPECT_EQ(changed.status, 200) << changed.body;
    receiver.clear();
    publish(sql);
    ASSERT_TRUE(receiver.wait_for(2, 20s));
    EXPECT_EQ(request_to("/put").method, "POST");
    EXPECT_EQ(request_to("/put").header("x-region"), "");
    EXPECT_EQ(request_to("/put").header("x-new"), "1");
    EXPECT_EQ(request_to("/put").header("authorization"), "Bearer hush");
}

TEST_F(Requests, AreCloudEventsForWhomThatIsAskedFor) {
    static_cast<void>(subscribe_by_rest("/structured", R"(,"format":"cloudevents")"));
    static_cast<void>(subscribe_by_rest("/binary", R"(,"format":"cloudevents-binary")"));
    const std::string event = publish(sql, R"({"b": 1.0, "b":1e2})", "user.created");
    ASSERT_TRUE(receiver.wait_for(2, 20s)) << moai.err();
    const ReceivedRequest structured = request_to("/structured");
    EXPECT_EQ(structured.header("content-type"), "application/cloudevents+json");
    EXPECT_EQ(json_at(structured.body, "/specversion"), "1.0");
    EXPECT_EQ(json_at(structured.body, "/id"), event);
    EXPECT_EQ(json_at(structured.body, "/source"), "/moai/tenants/default");
    EXPECT_EQ(json_at(structured.body, "/type"), "user.created");
    EXPECT_THAT(structured.body, HasSubstr(R"("data":{"b": 1.0, "b":1e2}})"));
    const ReceivedRequest binary = request_to("/binary");
    EXPECT_EQ(binary.body, R"({"b": 1.0, "b":1e2})");
    EXPECT_EQ(binary.header("content-type"), "application/json");
    EXPECT_EQ(binary.header("ce-id"), event);
    EXPECT_EQ(binary.header("ce-type"), "user.created");
    EXPECT_EQ(binary.header("ce-time"), json_at(structured.body, "/time"));
}

TEST_F(Requests, AreNotPromisedWithHeadersThatAreMoaisOwn) {
    for (const char* headers : {R"({"Webhook-Id":"x"})", R"({"Host":"x"})", R"({"Content-Length":"1"})",
                                R"({"X":"a\r\nb"})", R"({"X":1})", "[]", R"({"X":"\u0000"})"}) {
        const auto answer = api.post("/subscriptions", R"({"url":"https://a.example/","event_types":["*"],"headers":)" +
                                                           std::string(headers) + "}");
        EXPECT_EQ(answer.status, 422) << headers << answer.body;
        EXPECT_THAT(answer.body, HasSubstr("headers")) << headers;
    }
}

}  // namespace
}  // namespace moai::test
