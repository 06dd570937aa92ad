// router: the promises of src/api/router.hpp, one test each; through it api/request_input.cpp.
#include "api/router.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "api/request.hpp"
#include "api/routes.hpp"
#include "pg/error.hpp"
#include "pg/pool.hpp"

namespace moai::api {
namespace {

/// Remembers the last call and answers what it is told to.
class FakeBackend final : public RestBackend {
public:
    store::RestAnswer call(const store::RestCall& call) override {
        ++calls;
        function = call.function;
        writes = call.writes;
        params.clear();
        for (const auto& param : call.params) {
            params.push_back(param ? std::optional<std::string>(*param) : std::nullopt);
        }
        if (fail) {
            fail();
        }
        return answer;
    }

    std::vector<store::PublishAnswer> publish_group(std::span<const store::PublishItem> items) override {
        group.clear();
        for (const auto& item : items) {
            group.emplace_back(std::string(item.document) + " " + std::string(item.idempotency_key.value_or("-")));
        }
        if (fail) {
            fail();
        }
        return group_answers;
    }

    std::vector<std::string> group;
    std::vector<store::PublishAnswer> group_answers;
    int calls = 0;
    std::string function;
    bool writes = false;
    std::vector<std::optional<std::string>> params;
    std::function<void()> fail;
    store::RestAnswer answer{200, R"({"ok":true})"};
};

class RouterTest : public ::testing::Test {
public:
    static Request request(std::string method, const std::string& target, std::string body = {}) {
        Request result;
        result.method = std::move(method);
        const auto question = target.find('?');
        result.path = target.substr(0, question);
        result.query = question == std::string::npos ? "" : target.substr(question + 1);
        if (!body.empty()) {
            result.headers.push_back({"content-type", "application/json"});
        }
        result.body = std::move(body);
        result.request_id = "r-1";
        return result;
    }

    Response handle(const Request& to) const { return router.handle(to); }
    Response handle(std::string method, const std::string& target, std::string body = {}) const {
        return router.handle(request(std::move(method), target, std::move(body)));
    }

    struct Seen {
        std::string route, method;
        int status;
    };

    FakeBackend backend;
    bool ready = true;
    std::vector<Seen> seen;
    std::vector<std::string> internal_errors;
    Router router{backend,
                  {[this] {
                       return Readiness{ready, R"({"database":"up"})"};
                   },
                   [] { return std::string("metric 1\n"); }},
                  {[this](std::string_view route, std::string_view method, int status, double) {
                       seen.push_back({std::string(route), std::string(method), status});
                   },
                   [this](std::string_view id, std::string_view text) {
                       internal_errors.push_back(std::string(id) + ' ' + std::string(text));
                   }}};
};

TEST_F(RouterTest, CallsEachRoutesFunctionWithItsArguments) {
    struct Case {
        const char* method;
        const char* target;
        const char* body;
        const char* function;
        std::vector<std::optional<std::string>> params;
    };
    const std::vector<Case> cases{
        {"POST", "/events", R"({"type":"a"})", "publish", {R"({"type":"a"})", std::nullopt}},
        {"GET", "/events?limit=5", "", "list_events", {R"({"limit":"5"})"}},
        {"GET", "/events/e1", "", "get_event", {"e1"}},
        {"GET", "/events/e1/deliveries", "", "list_event_deliveries", {"e1", "{}"}},
        {"POST", "/subscriptions", "{}", "create_subscription", {"{}"}},
        {"GET", "/subscriptions", "", "list_subscriptions", {"{}"}},
        {"GET", "/subscriptions/s1", "", "get_subscription", {"s1"}},
        {"PATCH", "/subscriptions/s1", R"({"url":"x"})", "update_subscription", {"s1", R"({"url":"x"})"}},
        {"DELETE", "/subscriptions/s1", "", "delete_subscription", {"s1"}},
        {"POST", "/subscriptions/s1/pause", "", "pause_subscription", {"s1", "{}"}},
        {"POST", "/subscriptions/s1/rotate-secret", "", "rotate_secret", {"s1", "{}"}},
        {"POST", "/subscriptions/s1/resume", "{}", "resume_subscription", {"s1", "{}"}},
        {"GET", "/deliveries?state=dead", "", "list_deliveries", {R"({"state":"dead"})"}},
        {"GET", "/deliveries/a_b", "", "get_delivery", {"a_b"}},
        {"GET", "/deliveries/a_b/attempts", "", "list_attempts", {"a_b", "{}"}},
        {"POST", "/deliveries/a_b/retry", "", "retry_delivery", {"a_b"}},
        {"POST", "/deliveries/a_b/cancel", "{}", "cancel_delivery", {"a_b"}},
        {"GET", "/dead-letters", "", "list_dead_letters", {"{}"}},
        {"POST", "/dead-letters/redrive", R"({"max_count":1})", "redrive_dead_letters", {R"({"max_count":1})"}},
        {"DELETE", "/dead-letters/a_b", "", "discard_dead_letter", {"a_b"}},
    };
    std::set<std::string> called{"get_payload", ""};
    for (const Case& each : cases) {
        const Response response = handle(each.method, each.target, each.body);
        EXPECT_EQ(response.status, 200) << each.method << ' ' << each.target << response.body;
        EXPECT_EQ(response.body, R"({"ok":true})");
        EXPECT_EQ(backend.function, each.function);
        EXPECT_EQ(backend.params, each.params) << each.target;
        EXPECT_EQ(backend.writes, std::string(each.method) != "GET");
        called.insert(each.function);
    }
    for (const Route& route : routes()) {
        EXPECT_TRUE(called.contains(std::string(route.function))) << route.function << " has no case here";
    }
}

TEST_F(RouterTest, PassesTheClientsOwnBytesOn) {
    const std::string body =
        "{ \"payload\" : { \"b\":1.0, \"a\":1E5,\"a\":\"\\u0000\\ud800\", \"n\":1e400000 } ,\"type\":\"x\"}\n";
    EXPECT_EQ(handle("POST", "/events", body).status, 200);
    EXPECT_EQ(backend.params.at(0), body);
}

TEST_F(RouterTest, DecodesIdsAndAnswersBadEncodingWith400) {
    EXPECT_EQ(handle("GET", "/events/a%2Fb%20c").status, 200);
    EXPECT_EQ(backend.params.at(0), "a/b c");
    EXPECT_EQ(handle("GET", "/%65vents/x").status, 200);
    for (const char* path : {"/events/%", "/events/%zz", "/events/%00", "/events/%ff"}) {
        EXPECT_EQ(handle("GET", path).status, 400) << path;
    }
}

TEST_F(RouterTest, AnswersUnknownPathsWith404) {
    for (const char* path : {"/", "/event", "/events/", "/events//payload", "//events", "/events/a/b", "/openapi.json",
                             "/Events", "/subscriptions/a/pause/x"}) {
        EXPECT_EQ(handle("GET", path).status, 404) << path;
    }
    EXPECT_EQ(backend.calls, 0);
    EXPECT_EQ(seen.front().route, "unmatched");
}

TEST_F(RouterTest, AnswersWrongMethodsWith405AndAllow) {
    const Response response = handle("BREW", "/subscriptions/s1");
    EXPECT_EQ(response.status, 405);
    ASSERT_EQ(response.headers.size(), 1U);
    EXPECT_EQ(response.headers[0].value, "GET, HEAD, PATCH, DELETE");
    EXPECT_EQ(handle("PUT", "/events", "{}").status, 405);
    EXPECT_EQ(handle("OPTIONS", "/metrics").status, 405);
    EXPECT_EQ(handle("get", "/events").status, 405);
}

TEST_F(RouterTest, ServesHeadByGet) {
    EXPECT_EQ(handle("HEAD", "/events/e1").status, 200);
    EXPECT_EQ(backend.function, "get_event");
    EXPECT_FALSE(backend.writes);
}

TEST_F(RouterTest, WantsJsonContentTypeOnlyWithABody) {
    for (const char* type : {"application/json", "Application/JSON; charset=utf-8",
                             "application/json;charset=\"UTF-8\"", "application/json; profile=x"}) {
        Request post = request("POST", "/events");
        post.body = "{}";
        post.headers = {{"content-type", type}};
        EXPECT_EQ(handle(post).status, 200) << type;
    }
    for (const char* type : {"", "text/plain", "application/jsonx", "application/x-www-form-urlencoded",
                             "application/json; charset=latin1"}) {
        Request post = request("POST", "/events");
        post.body = "{}";
        post.headers = {{"content-type", type}};
        EXPECT_EQ(handle(post).status, 415) << type;
    }
    Request bare = request("PATCH", "/subscriptions/s1");
    bare.body = "{}";
    EXPECT_EQ(handle(bare).status, 415);
    EXPECT_EQ(handle("POST", "/deliveries/d/retry").status, 200);
    EXPECT_EQ(handle("POST", "/events").status, 400) << "an empty body is not JSON, whatever its type";
}

TEST_F(RouterTest, ChecksBodiesBeforeTheDatabaseSeesThem) {
    EXPECT_EQ(handle("POST", "/events", "{} x").status, 400);
    EXPECT_EQ(handle("POST", "/events", "[]").status, 422);
    EXPECT_EQ(handle("POST", "/events", R"({"a":1,"a":2})").status, 422);
    EXPECT_EQ(handle("POST", "/subscriptions", "[{}]").status, 422);
    EXPECT_EQ(handle("POST", "/deliveries/d/retry", R"({"force":1})").status, 422);
    EXPECT_EQ(backend.calls, 0);
}

TEST_F(RouterTest, HandsTheIdempotencyKeyOver) {
    Request post = request("POST", "/events", "{}");
    post.headers.push_back({"idempotency-key", "k\xc3\xa9y"});
    EXPECT_EQ(handle(post).status, 200);
    EXPECT_EQ(backend.params.at(1), "k\xc3\xa9y");
    post.headers.push_back({"idempotency-key", "other"});
    EXPECT_EQ(handle(post).status, 422);
    for (const std::string& bad : {std::string(), std::string(256, 'k'), std::string("\xff")}) {
        post.headers = {{"content-type", "application/json"}, {"idempotency-key", bad}};
        EXPECT_EQ(handle(post).status, 422);
    }
    std::string accents;
    for (int i = 0; i < 255; ++i) {
        accents += "\xc3\xa9";
    }
    post.headers = {{"content-type", "application/json"}, {"idempotency-key", accents}};
    EXPECT_EQ(handle(post).status, 200);
}

TEST_F(RouterTest, RefusesQueryParametersThatNoFunctionWouldSee) {
    const Response response = handle("GET", "/events/e1?verbose=1");
    EXPECT_EQ(response.status, 422);
    EXPECT_EQ(nlohmann::json::parse(response.body).at("values"), "verbose");
    EXPECT_EQ(handle("GET", "/events?a=1&a=2").status, 422);
    EXPECT_EQ(handle("GET", "/events?a=%zz").status, 400);
}

TEST_F(RouterTest, ServesPayloadBytesByRange) {
    backend.answer = {200, R"({"total":100,"first":10,"last":15,"base64":"Zm9vYmFy"})"};
    Request get = request("GET", "/events/e1/payload");
    get.headers.push_back({"range", "bytes=10-15"});
    const Response response = handle(get);
    EXPECT_EQ(response.status, 206);
    EXPECT_EQ(response.body, "foobar");
    const std::vector<std::optional<std::string>> wanted{"e1", "10", "15"};
    EXPECT_EQ(backend.params, wanted);
}

TEST_F(RouterTest, NeverGivesAPartOfAPayloadToWhoAskedForTheWhole) {
    backend.answer = {200, R"({"total":100,"first":0,"last":5,"base64":"Zm9vYmFy"})"};
    Request get = request("GET", "/events/e1/payload");
    EXPECT_EQ(handle(get).status, 422);
    get.headers = {{"range", "lines=1-2"}};
    const Response unusable = handle(get);
    EXPECT_EQ(unusable.status, 422);
    EXPECT_NE(unusable.body.find("Range: bytes=0-5"), std::string::npos) << unusable.body;
    get.headers = {{"range", "bytes=0-"}};
    EXPECT_EQ(handle(get).status, 206);
    backend.answer = {200, R"({"total":6,"first":0,"last":5,"base64":"Zm9vYmFy"})"};
    get.headers = {{"range", "lines=1-2"}};
    EXPECT_EQ(handle(get).status, 200);
}

TEST_F(RouterTest, SaysHowLongThePayloadIsWhenARangeLiesOutside) {
    backend.fail = [] { throw pg::Error("MO416", "the payload has no such bytes", "first = 10, total = 6"); };
    Request get = request("GET", "/events/e1/payload");
    get.headers = {{"range", "bytes=10-"}};
    const Response response = handle(get);
    EXPECT_EQ(response.status, 416);
    ASSERT_EQ(response.headers.size(), 1U);
    EXPECT_EQ(response.headers[0].name, "Content-Range");
    EXPECT_EQ(response.headers[0].value, "bytes */6");
}

TEST_F(RouterTest, NamesTheValueAndTheNextStepOfWhatItRefuses) {
    struct Case {
        Request to;
        std::string values, hint;
    };
    Request text = request("POST", "/events", "{}");
    text.headers = {{"content-type", "text/plain"}};
    Request untyped = text;
    untyped.headers.clear();
    Request twice = request("POST", "/events", "{}");
    twice.headers.insert(twice.headers.end(), {{"idempotency-key", "a"}, {"idempotency-key", "b"}});
    Request endless = request("POST", "/events", "{}");
    endless.headers.push_back({"idempotency-key", std::string(10'000, 'k')});
    const std::vector<Case> cases{
        {text, "Content-Type = text/plain", "application/json"},
        {untyped, "no Content-Type", "application/json"},
        {twice, "Idempotency-Key = a, Idempotency-Key = b", "one key"},
        {endless, "Idempotency-Key = " + std::string(256, 'k') + "… (10000 bytes)", "UUID"},
        {request("GET", "/events/%zz"), "path = /events/%zz", "hexadecimal"},
        {request("GET", "/nowhere"), "path = /nowhere", "/events"},
        {request("PUT", "/events"), "method = PUT, path = /events", "Allowed: POST, GET, HEAD."},
        {request("GET", "/events?limit=1&type=%zz"), "type=%zz", "hexadecimal"},
        {request("GET", "/events?limit=1&limit=2"), "limit", "once"},
        {request("GET", "/events/e1?verbose=1"), "verbose", "Leave"},
    };
    for (const Case& each : cases) {
        const auto problem = nlohmann::json::parse(handle(each.to).body);
        EXPECT_EQ(problem.value("values", ""), each.values) << problem;
        EXPECT_NE(problem.value("hint", "").find(each.hint), std::string::npos) << problem;
    }
}

TEST_F(RouterTest, MapsTheDatabasesErrors) {
    backend.fail = [] { throw pg::Error("MO409", "key reused", "key = k", "Use another."); };
    const Response conflict = handle("POST", "/events", "{}");
    EXPECT_EQ(conflict.status, 409);
    const auto problem = nlohmann::json::parse(conflict.body);
    EXPECT_EQ(problem.at("code"), "MO409");
    EXPECT_EQ(problem.at("request_id"), "r-1");
    EXPECT_TRUE(internal_errors.empty());

    backend.fail = [] { throw pg::Error("XX000", "secret"); };
    const Response failure = handle("GET", "/events");
    EXPECT_EQ(failure.status, 500);
    EXPECT_EQ(failure.body.find("secret"), std::string::npos);
    ASSERT_EQ(internal_errors.size(), 1U);
    EXPECT_NE(internal_errors[0].find("secret"), std::string::npos);
}

TEST_F(RouterTest, SaysServiceUnavailableWithRetryAfterWhenTheDatabaseIsAway) {
    const std::vector<std::function<void()>> failures{[] { throw pg::Error("", "refused"); },
                                                      [] { throw pg::PoolExhausted("busy"); },
                                                      [] { throw store::OutcomeUnknown("broke"); }};
    for (const auto& fail : failures) {
        backend.fail = fail;
        const Response response = handle("POST", "/events", "{}");
        EXPECT_EQ(response.status, 503);
        ASSERT_EQ(response.headers.size(), 1U);
        EXPECT_EQ(response.headers[0].name, "Retry-After");
    }
}

TEST_F(RouterTest, TellsOfAnUnknownOutcomeWhatCanSafelyBeDoneAndLogsItsCause) {
    backend.fail = [] { throw store::OutcomeUnknown("server closed the connection unexpectedly"); };
    const auto hint = [&](const Request& to) {
        const auto problem = nlohmann::json::parse(handle(to).body);
        EXPECT_EQ(problem.at("code"), "outcome_unknown");
        return problem.at("hint").get<std::string>();
    };
    Request post = request("POST", "/events", "{}");
    EXPECT_NE(hint(post).find("It may have been published; look at GET /events before repeating"), std::string::npos);
    EXPECT_EQ(hint(post).find("same idempotency key"), std::string::npos);
    post.headers.push_back({"idempotency-key", "k"});
    EXPECT_EQ(hint(post), "Repeat the request with the same idempotency key.");
    EXPECT_EQ(hint(request("DELETE", "/subscriptions/s1")), "Look whether it was made before repeating.");
    ASSERT_FALSE(internal_errors.empty());
    EXPECT_EQ(internal_errors[0], "r-1 POST /events: outcome unknown: server closed the connection unexpectedly");
}

TEST_F(RouterTest, AnswersProbesFromMemory) {
    EXPECT_EQ(handle("GET", "/health").status, 200);
    EXPECT_EQ(handle("GET", "/health/ready").body, R"({"database":"up"})");
    EXPECT_EQ(handle("GET", "/metrics").body, "metric 1\n");
    ready = false;
    EXPECT_EQ(handle("GET", "/health").status, 503);
    EXPECT_EQ(handle("GET", "/health/ready?cache=no").status, 503);
    EXPECT_EQ(handle("GET", "/health/live").status, 200);
    EXPECT_EQ(backend.calls, 0);
    EXPECT_TRUE(Router::answers_at_once(request("HEAD", "/health/live")));
    EXPECT_TRUE(Router::answers_at_once(request("GET", "/metrics")));
    EXPECT_FALSE(Router::answers_at_once(request("GET", "/events")));
    EXPECT_FALSE(Router::answers_at_once(request("GET", "/health/%zz")));
}

TEST_F(RouterTest, KnowsWhichRoutesNeedNoBody) {
    for (const char* path : {"/subscriptions/a/pause", "/subscriptions/a/resume", "/deliveries/a/retry",
                             "/deliveries/a/cancel", "/dead-letters/redrive"}) {
        EXPECT_TRUE(Router::body_optional(request("POST", path))) << path;
    }
    EXPECT_FALSE(Router::body_optional(request("POST", "/events")));
    EXPECT_FALSE(Router::body_optional(request("PATCH", "/subscriptions/a")));
    EXPECT_FALSE(Router::body_optional(request("POST", "/nowhere")));
}

TEST_F(RouterTest, GroupsSingleEventsAndNothingElse) {
    EXPECT_TRUE(Router::goes_in_group(request("POST", "/events", R"({"type":"a","payload":1})")));
    EXPECT_TRUE(Router::goes_in_group(request("POST", "/events", " \r\n\t{not JSON")));
    EXPECT_FALSE(Router::goes_in_group(request("POST", "/events", R"([{"type":"a","payload":1}])")));
    EXPECT_FALSE(Router::goes_in_group(request("POST", "/events", "")));
    EXPECT_FALSE(Router::goes_in_group(request("GET", "/events", "{}")));
    EXPECT_FALSE(Router::goes_in_group(request("POST", "/subscriptions", "{}")));
    EXPECT_FALSE(Router::goes_in_group(request("POST", "/nowhere", "{}")));
}

TEST_F(RouterTest, AnswersEachOfAGroupAndKeepsTheBadOutOfIt) {
    Request keyed = request("POST", "/events", R"({"n":1})");
    keyed.headers.push_back({"idempotency-key", "k"});
    const Request unreadable = request("POST", "/events", R"({"n":)");
    const Request refused = request("POST", "/events", R"({"n":2})");
    const Request slow = request("POST", "/events", R"({"n":3})");
    backend.group_answers = {store::RestAnswer{202, R"({"id":"x"})"}, pg::Error("MO422", "no", "n = 2", "Change it."),
                             store::PublishAlone{}};
    const std::vector<const Request*> group{&keyed, &unreadable, &refused, &slow};
    const auto answers = router.handle_group(group);
    ASSERT_EQ(answers.size(), 4U);
    EXPECT_EQ(backend.group, (std::vector<std::string>{R"({"n":1} k)", R"({"n":2} -)", R"({"n":3} -)"}));
    EXPECT_EQ(answers[0].response.value().status, 202);
    EXPECT_EQ(answers[0].response.value().body, R"({"id":"x"})");
    EXPECT_EQ(answers[1].response.value().status, 400);
    EXPECT_EQ(answers[2].response.value().status, 422);
    EXPECT_EQ(nlohmann::json::parse(answers[2].response.value().body).at("hint"), "Change it.");
    EXPECT_FALSE(answers[3].response) << "it must be published alone";
    EXPECT_FALSE(answers[3].if_too_many_wait);
    ASSERT_EQ(seen.size(), 3U) << "what is not answered yet is not counted yet";
    EXPECT_EQ(seen[0].route, "/events");
}

TEST_F(RouterTest, LeavesOutOfAGroupWhoseKeyIsHeldWithAnAnswerForWhenTooManyWait) {
    const Request held = request("POST", "/events", R"({"n":1})");
    backend.group_answers = {store::PublishHeld{pg::Error("MO409", "idempotency_key_in_use: m", "d", "h")}};
    const std::vector<const Request*> group{&held};
    const auto answers = router.handle_group(group);
    EXPECT_FALSE(answers.at(0).response);
    EXPECT_TRUE(seen.empty()) << "what is not answered yet is not counted yet";
    const Response response = answers.at(0).if_too_many_wait();
    EXPECT_EQ(response.status, 409);
    EXPECT_NE(response.body.find("idempotency_key_in_use"), std::string::npos);
    EXPECT_EQ(seen.size(), 1U);
}

TEST_F(RouterTest, AGroupOfTheBadAloneAsksNobody) {
    const Request bad = request("POST", "/events", "{");
    const std::vector<const Request*> group{&bad};
    backend.fail = [] { FAIL() << "it was asked"; };
    EXPECT_EQ(router.handle_group(group).at(0).response.value().status, 400);
}

TEST_F(RouterTest, TellsEachOfAGroupThatFailsAsAWholeWhatItMayDo) {
    const Request bare = request("POST", "/events", R"({"n":1})");
    Request keyed = request("POST", "/events", R"({"n":2})");
    keyed.headers.push_back({"idempotency-key", "k"});
    const std::vector<const Request*> group{&bare, &keyed};
    backend.fail = [] { throw store::OutcomeUnknown("cut"); };
    const auto unknown = router.handle_group(group);
    for (const auto& answer : unknown) {
        EXPECT_EQ(answer.response.value().status, 503);
        EXPECT_EQ(nlohmann::json::parse(answer.response.value().body).at("code"), "outcome_unknown");
    }
    EXPECT_NE(unknown[0].response.value().body.find("look at GET /events"), std::string::npos);
    EXPECT_NE(unknown[1].response.value().body.find("same idempotency key"), std::string::npos);
    backend.fail = [] { throw pg::PoolExhausted("none"); };
    EXPECT_EQ(nlohmann::json::parse(router.handle_group(group).at(1).response.value().body).at("code"), "busy");
    backend.fail = [] { throw pg::Error("", "gone"); };
    EXPECT_EQ(router.handle_group(group).at(0).response.value().status, 503);
}

TEST_F(RouterTest, NeverAnswersMoreThan64KiB) {
    backend.answer = {200, std::string((64U << 10) + 1, 'x')};
    EXPECT_EQ(handle("GET", "/events").status, 500);
    EXPECT_EQ(internal_errors.size(), 1U);
    backend.answer = {200, std::string(64U << 10, 'x')};
    EXPECT_EQ(handle("GET", "/events").status, 200);
}

TEST_F(RouterTest, CountsByPatternNotByPath) {
    (void)handle("GET", "/events/one");
    (void)handle("DELETE", "/events/two");
    ASSERT_EQ(seen.size(), 2U);
    EXPECT_EQ(seen[0].route, "/events/{id}");
    EXPECT_EQ(seen[0].status, 200);
    EXPECT_EQ(seen[1].route, "/events/{id}");
    EXPECT_EQ(seen[1].status, 405);
}

}  // namespace
}  // namespace moai::api
