// A real server and raw sockets: which bytes are answered, how, and what becomes of the connection.
#include <gtest/gtest.h>

#include <atomic>
#include <new>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include "http/server.hpp"
#include "support/raw_client.hpp"

namespace moai::http {
namespace {

using test::RawClient;
using test::RawResponse;

/// Answers each request with what arrived, and counts.
class HttpServer : public ::testing::Test {
public:
    void SetUp() override { start({}); }

    void start(ServerOptions options) {
        server.reset();
        options.listen = {"127.0.0.1", 0};
        options.threads = 4;
        options.body_optional = [](const api::Request& request) { return request.path == "/bodyless"; };
        server =
            std::make_unique<Server>(std::move(options), [this](const api::Request& request) { return echo(request); });
        server->start();
    }

    api::Response echo(const api::Request& request) {
        ++handled;
        if (request.path == "/throws") {
            throw std::runtime_error("secret text");
        }
        const nlohmann::json seen{
            {"method", request.method}, {"path", request.path}, {"query", request.query}, {"body", request.body}};
        return {200, "application/json", seen.dump(), {{"X-Seen", request.path}}};
    }

    std::optional<RawResponse> exchange(std::string_view bytes) const {
        RawClient client(server->port());
        client.send(bytes);
        return client.receive();
    }

    std::atomic<int> handled{0};
    std::unique_ptr<Server> server;
};

constexpr std::string_view kGet = "GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n";

TEST_F(HttpServer, KeepsTheConnectionOfAClientThatSendsNoConnectionHeader) {
    RawClient client(server->port());
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(client.send(kGet));
        const auto response = client.receive();
        ASSERT_TRUE(response);
        EXPECT_EQ(response->status, 200);
        EXPECT_EQ(response->headers.at("connection"), "keep-alive");
        EXPECT_EQ(std::stoul(response->headers.at("content-length")), response->body.size());
        EXPECT_FALSE(response->headers.at("x-request-id").empty());
    }
}

TEST_F(HttpServer, ClosesAfterConnectionClose) {
    RawClient client(server->port());
    client.send("GET /a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    const auto response = client.receive();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->headers.at("connection"), "close");
    EXPECT_TRUE(client.closed());
}

TEST_F(HttpServer, ClosesAfterAnHttp10RequestUnlessItAsksToKeepAlive) {
    RawClient client(server->port());
    client.send("GET /a HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n");
    ASSERT_EQ(client.receive().value_or(RawResponse{}).status, 200);
    client.send("GET http://localhost/a HTTP/1.0\r\n\r\n");
    ASSERT_EQ(client.receive().value_or(RawResponse{}).status, 200);
    EXPECT_TRUE(client.closed());
}

TEST_F(HttpServer, AnswersAClientThatHasShutItsSendingSide) {
    RawClient client(server->port());
    client.send(kGet);
    client.half_close();
    EXPECT_EQ(client.receive().value_or(RawResponse{}).status, 200);
}

TEST_F(HttpServer, TakesASaneRequestIdAndReplacesAnyOther) {
    const auto sane = exchange("GET /a HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: abc-1\r\n\r\n");
    const auto spaced = exchange("GET /a HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: a b\r\n\r\n");
    const auto longer =
        exchange("GET /a HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: " + std::string(129, 'x') + "\r\n\r\n");
    EXPECT_EQ(sane.value().headers.at("x-request-id"), "abc-1");
    EXPECT_NE(spaced.value().headers.at("x-request-id"), "a b");
    EXPECT_LT(longer.value().headers.at("x-request-id").size(), 129U);
}

TEST_F(HttpServer, AnswersPipelinedRequestsAllAndInOrder) {
    RawClient client(server->port());
    std::string bytes;
    for (int i = 0; i < 50; ++i) {
        const std::string body = std::to_string(i);
        bytes += "POST /n" + body + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) +
                 "\r\n\r\n" + body;
    }
    ASSERT_TRUE(client.send(bytes));
    for (int i = 0; i < 50; ++i) {
        const auto response = client.receive();
        ASSERT_TRUE(response) << i;
        EXPECT_EQ(response->headers.at("x-seen"), "/n" + std::to_string(i));
        EXPECT_EQ(nlohmann::json::parse(response->body).at("body"), std::to_string(i));
    }
}

TEST_F(HttpServer, AnswersTheRequestBeforeAPipelinedErrorThenTheError) {
    RawClient client(server->port());
    client.send(std::string(kGet) + "nonsense\r\n\r\n" + std::string(kGet));
    EXPECT_EQ(client.receive().value_or(RawResponse{}).status, 200);
    EXPECT_EQ(client.receive().value_or(RawResponse{}).status, 400);
    EXPECT_TRUE(client.closed());
    EXPECT_EQ(handled, 1);
}

TEST_F(HttpServer, SendsContinueBeforeTheBodyIsSent) {
    RawClient client(server->port());
    client.send("POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(client.receive(true).value_or(RawResponse{}).status, 100);
    client.send("hi");
    EXPECT_EQ(client.receive().value_or(RawResponse{}).status, 200);
}

TEST_F(HttpServer, RefusesAnOversizeBodyInsteadOfContinuing) {
    RawClient client(server->port());
    client.send(
        "POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(client.receive().value_or(RawResponse{}).status, 413);
    EXPECT_TRUE(client.closed());
}

TEST_F(HttpServer, LetsA413ReachAClientThatSendsItsWholeBodyFirst) {
    RawClient client(server->port());
    client.send("POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20000000\r\n\r\n");
    client.send(std::string(20'000'000, 'x'));
    const auto response = client.receive();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 413);
    EXPECT_TRUE(client.closed());
    EXPECT_EQ(handled, 0);
}

TEST_F(HttpServer, AnswersHeadLikeGetWithoutTheBody) {
    RawClient client(server->port());
    client.send("HEAD /a HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const auto head = client.receive(true);
    ASSERT_TRUE(head);
    EXPECT_EQ(head->status, 200);
    EXPECT_GT(std::stoul(head->headers.at("content-length")), 0U);
    client.send(kGet);  // the next byte of the stream must be its status line
    EXPECT_EQ(client.receive().value_or(RawResponse{}).status, 200);
}

TEST_F(HttpServer, TurnsAnExceptionInto500WithoutItsText) {
    RawClient client(server->port());
    client.send("GET /throws HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: r1\r\n\r\n");
    const auto response = client.receive();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 500);
    EXPECT_EQ(response->headers.at("content-type"), "application/problem+json");
    EXPECT_EQ(response->body.find("secret"), std::string::npos);
    EXPECT_EQ(nlohmann::json::parse(response->body).at("request_id"), "r1");
    client.send(kGet);
    EXPECT_EQ(client.receive().value_or(RawResponse{}).status, 200);
}

TEST_F(HttpServer, TakesABodilessPostWhereItMayAndThenCloses) {
    RawClient client(server->port());
    client.send("POST /bodyless HTTP/1.1\r\nHost: localhost\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const auto response = client.receive();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->headers.at("connection"), "close");
    EXPECT_TRUE(client.closed());
    EXPECT_EQ(handled, 1);
}

struct Refused {
    const char* name;
    std::string bytes;
    int status;
};

class HttpRefusal : public HttpServer, public ::testing::WithParamInterface<Refused> {};

TEST_P(HttpRefusal, IsAnsweredOnceWithAProblemAndTheConnectionCloses) {
    const Refused& refused = GetParam();
    RawClient client(server->port());
    client.send(refused.bytes + std::string(kGet));
    const auto response = client.receive();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, refused.status) << response->body;
    EXPECT_EQ(response->headers.at("connection"), "close");
    EXPECT_EQ(response->headers.at("content-type"), "application/problem+json");
    const auto problem = nlohmann::json::parse(response->body);
    EXPECT_EQ(problem.at("status"), refused.status);
    EXPECT_EQ(problem.at("request_id"), response->headers.at("x-request-id"));
    EXPECT_TRUE(client.closed());
    EXPECT_EQ(handled, 0);
}

std::string post(const std::string& header_lines,
                 const std::string& body = "GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n") {
    return "POST /a HTTP/1.1\r\nHost: localhost\r\n" + header_lines + "\r\n" + body;
}

INSTANTIATE_TEST_SUITE_P(
    BadInput, HttpRefusal,
    ::testing::Values(
        Refused{"LengthMissing", post(""), 411},
        Refused{"Chunked", post("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n"), 411},
        Refused{"ChunkedAndLength", post("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"), 400},
        Refused{"LengthNegative", post("Content-Length: -1\r\n"), 400},
        Refused{"LengthDoubled", post("Content-Length: 3\r\nContent-Length: 3\r\n"), 400},
        Refused{"LengthListed", post("Content-Length: 3, 3\r\n"), 400},
        Refused{"LengthGarbage", post("Content-Length: 5x\r\n"), 400},
        Refused{"LengthEmpty", post("Content-Length:\r\n"), 400},
        Refused{"LengthHex", post("Content-Length: 0x10\r\n"), 400},
        Refused{"LengthOverLimit", post("Content-Length: 2097153\r\n"), 413},
        Refused{"SpaceBeforeColon", post("Content-Length : 3\r\n"), 400},
        Refused{"FoldedHeader", post("X-A: 1\r\n folded\r\nContent-Length: 0\r\n"), 400},
        Refused{"HeaderWithoutColon", post("nonsense\r\n"), 400},
        Refused{"ExpectationUnknown", post("Expect: a-pony\r\nContent-Length: 3\r\n"), 417},
        Refused{"BareLineFeed", "GET /a HTTP/1.1\nHost: localhost\n\n", 400},
        Refused{"BareCarriageReturn", "GET /a HTTP/1.1\r\nHost: localhost\r\nX-A: 1\r2\r\n\r\n", 400},
        Refused{"NulByte", std::string("GET /a HTTP/1.1\r\nHost: localhost\r\nX-A: a\0b\r\n\r\n", 46), 400},
        Refused{"MethodNotAToken", "G@T /a HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
        Refused{"TlsHello", "\x16\x03\x01\x02\x01\x01", 400}, Refused{"Http09", "GET /a\r\n", 400},
        Refused{"VersionMalformed", "GET /a HTTP/1\r\nHost: localhost\r\n\r\n", 400},
        Refused{"Version2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
        Refused{"Version12", "GET /a HTTP/1.2\r\nHost: localhost\r\n\r\n", 505},
        Refused{"TwoSpaces", "GET  /a HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
        Refused{"TargetNotAbsolute", "GET a HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
        Refused{"TargetNotAscii", "GET /\xc3\xa4 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
        Refused{"PathOf15000Slashes", "GET " + std::string(15'000, '/') + " HTTP/1.1\r\nHost: localhost\r\n\r\n", 414},
        Refused{"PathOverLimit", "GET /" + std::string(2'048, 'a') + " HTTP/1.1\r\nHost: localhost\r\n\r\n", 414},
        Refused{"QueryOfAMegabyte", "GET /?" + std::string(1'000'000, 'a') + " HTTP/1.1\r\nHost: localhost\r\n\r\n",
                414},
        Refused{"HeadersOverLimit", post("X-A: " + std::string(17'000, 'a') + "\r\n"), 431},
        Refused{"HeadersTooMany", post([] {
                    std::string lines;
                    for (int i = 0; i < 101; ++i) {
                        lines += "A: b\r\n";
                    }
                    return lines;
                }()),
                431},
        Refused{"HostMissing", "GET /a HTTP/1.1\r\n\r\n", 400},
        Refused{"HostMissingInHttp10", "GET /a HTTP/1.0\r\n\r\n", 400},
        Refused{"OriginOfAnotherSite", post("Origin: http://evil.example\r\nContent-Length: 0\r\n", ""), 403},
        Refused{"OriginOfAnotherPort", post("Origin: http://localhost:3000\r\nContent-Length: 0\r\n", ""), 403},
        Refused{"OriginNull", post("Origin: null\r\nContent-Length: 0\r\n", ""), 403},
        Refused{"OriginWithoutABody",
                "POST /bodyless HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n\r\n", 403},
        Refused{"OriginOfADelete", "DELETE /a HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n\r\n", 403},
        Refused{"FetchFromAnotherSite", post("Sec-Fetch-Site: cross-site\r\nContent-Length: 0\r\n", ""), 403},
        Refused{"FetchFromTheSameSite", post("Sec-Fetch-Site: same-site\r\nContent-Length: 0\r\n", ""), 403},
        Refused{"HostDoubled", "GET /a HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400},
        Refused{"HostHostile", "GET /a HTTP/1.1\r\nHost: attacker.example\r\n\r\n", 421},
        Refused{"HostHostileInTheTarget", "GET http://attacker.example/a HTTP/1.1\r\nHost: localhost\r\n\r\n", 421},
        Refused{"HostHostileWithABody",
                "POST /a HTTP/1.1\r\nHost: localhost.attacker.example\r\nContent-Length: 40\r\n\r\n", 421}),
    [](const auto& param) { return std::string(param.param.name); });

TEST_F(HttpServer, TakesRequestsOfPagesOfItsOwnOriginAndReadingOnesOfAny) {
    for (const char* origin : {"http://localhost", "https://LOCALHOST"}) {
        EXPECT_EQ(
            exchange(
                post("Origin: " + std::string(origin) + "\r\nSec-Fetch-Site: same-origin\r\nContent-Length: 0\r\n", ""))
                .value_or(RawResponse{})
                .status,
            200)
            << origin;
    }
    EXPECT_EQ(exchange("GET /a HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n\r\n")
                  .value_or(RawResponse{})
                  .status,
              200);
}

/// What the server itself refuses is told with the value that was wrong and with what to do.
TEST_F(HttpServer, NamesValueAndNextStepOfWhatItRefuses) {
    struct Case {
        std::string bytes, text, value;
    };
    const std::vector<Case> cases{
        {"GET /a HTTP/1.1\r\nHost: attacker.example\r\n\r\n", "--allowed-host attacker.example",
         "Host = attacker.example"},
        {post("Origin: http://evil.example\r\nContent-Length: 0\r\n", ""), "cross_origin",
         "Origin = http://evil.example, Host = localhost"},
        {post(""), "with its Content-Length", "POST /a"},
        {post("Content-Length: 2097153\r\n"), "the limit of 2097152 bytes", "Content-Length = 2097153"},
        {post("Content-Length: 5x\r\n"), "length in bytes", "Content-Length = 5x"},
        {post("Expect: a-pony\r\nContent-Length: 3\r\n"), "Leave the header Expect out", "Expect = a-pony"},
        {"GET /a HTTP/1.2\r\nHost: localhost\r\n\r\n", "Send HTTP/1.1", "HTTP/1.2"},
        {"GET /a HTTP/1.1\r\n\r\n", "Send one Host header", "Host headers = 0"},
        {"GET /" + std::string(2'048, 'a') + " HTTP/1.1\r\nHost: localhost\r\n\r\n", "longer than 2048 bytes", ""},
        {"GET /?" + std::string(6'144, 'a') + " HTTP/1.1\r\nHost: localhost\r\n\r\n", "longer than 6144 bytes", ""},
        {post("X-A: " + std::string(17'000, 'a') + "\r\n"), "more than 100, or longer than 16384 bytes", ""},
    };
    for (const Case& each : cases) {
        const std::string body = exchange(each.bytes).value_or(RawResponse{}).body;
        const auto problem = nlohmann::json::parse(body);
        EXPECT_NE(body.find(each.text), std::string::npos) << body << " lacks " << each.text;
        EXPECT_EQ(problem.value("values", ""), each.value) << body;
        EXPECT_FALSE(problem.value("hint", "").empty()) << body;
    }
}

TEST_F(HttpServer, ClosesOneConnectionWhenItsOwnCodeThrowsOnAWorkThread) {
    ServerOptions options;
    std::atomic<int> reported{0};
    options.on_refused = [](int) { throw std::bad_alloc(); };
    options.on_handler_error = [&](std::string_view, std::string_view) {
        ++reported;
        throw std::runtime_error("the disk of the log is full");
    };
    start(std::move(options));
    RawClient client(server->port());
    client.send(std::string(kGet) + "nonsense\r\n\r\n");
    EXPECT_EQ(client.receive().value_or(RawResponse{}).status, 200);
    EXPECT_TRUE(client.closed());
    EXPECT_EQ(exchange(kGet).value_or(RawResponse{}).status, 200);
    EXPECT_EQ(reported, 1);
    server.reset();
}

TEST_F(HttpServer, AcceptsLoopbackAndAllowedHosts) {
    ServerOptions options;
    options.allowed_hosts = {"moai.internal"};
    start(std::move(options));
    for (const std::string host : {"localhost", "LOCALHOST:8080", "127.0.0.1:1", "127.9.9.9", "[::1]", "[::1]:3000",
                                   "moai.internal", "moai.internal:80"}) {
        EXPECT_EQ(exchange("GET /a HTTP/1.1\r\nHost: " + host + "\r\n\r\n").value_or(RawResponse{}).status, 200)
            << host;
    }
}

TEST_F(HttpServer, HandsUnknownMethodsAndTheRawTargetToTheHandler) {
    const auto response = exchange("BREW /a%20b//?q=%31&r HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const auto seen = nlohmann::json::parse(response.value().body);
    EXPECT_EQ(seen.at("method"), "BREW");
    EXPECT_EQ(seen.at("path"), "/a%20b//");
    EXPECT_EQ(seen.at("query"), "q=%31&r");
}

TEST_F(HttpServer, TakesABodyOfExactlyTheLimit) {
    ServerOptions options;
    options.max_body = 1'000'000;
    start(std::move(options));
    const auto response = exchange(post("Content-Length: 1000000\r\n", std::string(1'000'000, 'b')));
    EXPECT_EQ(nlohmann::json::parse(response.value().body).at("body").get<std::string>().size(), 1'000'000U);
}

}  // namespace
}  // namespace moai::http
