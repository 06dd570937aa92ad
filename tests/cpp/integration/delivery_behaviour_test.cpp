// CurlTransport (delivery/curl_transport.cpp, delivery/transfer.cpp) against receivers that answer, misbehave or are
// not there: each request ends in time, by its right class.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "integration/delivery_client.hpp"
#include "support/fake_receiver.hpp"

namespace {

using moai::test::Answer;
using moai::test::DeliveryClient;
using moai::test::FakeReceiver;
using moai::worker::error_class_name;
using moai::worker::ErrorClass;
using moai::worker::OutgoingRequest;
using moai::worker::TransferResult;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Behaviour = Answer::Behaviour;
using Clock = std::chrono::steady_clock;

constexpr milliseconds kShort{300};
// What may lie between a timeout and its result on a machine that is busy with other tests.
constexpr milliseconds kSlack{4'000};

class DeliveryBehaviour : public testing::Test {
protected:
    TransferResult fetch_request(OutgoingRequest request) {
        const auto start = Clock::now();
        TransferResult result = client_.fetch(std::move(request));
        took_ = Clock::now() - start;
        EXPECT_FALSE(client_.called_within_send);
        EXPECT_EQ(client_.transport.in_flight(), 0U);
        return result;
    }
    TransferResult fetch(Answer answer, milliseconds timeout = seconds(10)) {
        receiver_.on("/hook", std::move(answer));
        OutgoingRequest request = DeliveryClient::request(receiver_.url("/hook"));
        request.timeout = timeout;
        return fetch_request(std::move(request));
    }
    void expect_ended_after(milliseconds limit) const {
        EXPECT_GE(took_, limit - milliseconds(5));
        EXPECT_LT(took_, limit + kSlack);
    }

    FakeReceiver receiver_;
    DeliveryClient client_;
    Clock::duration took_{};
};

TEST_F(DeliveryBehaviour, TheHeadersOfAnAnswerAreKeptALineEach) {
    const auto result = fetch({.body = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nX-One: 1 \r\n"
                                       "x-two:\tzw\xF6lf\r\nX-One: again\r\nContent-Length: 0\r\n\r\n",
                               .behaviour = Behaviour::garbage});
    EXPECT_EQ(result.error_class, ErrorClass::none) << result.error_detail;
    EXPECT_EQ(result.response_headers, "X-One: 1\nx-two:\tzw\xF6lf\nX-One: again\nContent-Length: 0")
        << "of the answer, not of what was said in the meantime";
}

TEST_F(DeliveryBehaviour, OfManyHeadersTheFirst16KiBAreKept) {
    std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n";
    for (int i = 0; i < 400; ++i) {
        head += "x-filler: " + std::string(90, 'x') + "\r\n";
    }
    const auto result = fetch({.body = head + "x: 1\r\n\r\n", .behaviour = Behaviour::garbage});
    EXPECT_EQ(result.error_class, ErrorClass::none) << result.error_detail;
    EXPECT_LE(result.response_headers.size(), 16U * 1024U);
    EXPECT_GT(result.response_headers.size(), 16U * 1024U - 101U) << "whole lines, as many as have room";
    EXPECT_EQ(result.response_headers.back(), 'x');
}

TEST_F(DeliveryBehaviour, APlainAnswerIsASuccessWithItsBodyAndPhases) {
    const auto result = fetch({.status = 201, .body = "thanks"});
    EXPECT_EQ(result.error_class, ErrorClass::none) << result.error_detail;
    EXPECT_EQ(result.error_detail, "");
    EXPECT_EQ(result.http_status, 201);
    EXPECT_EQ(result.response_body, "thanks");
    EXPECT_EQ(result.response_bytes, 6U);
    EXPECT_EQ(result.remote_address, "127.0.0.1:" + std::to_string(receiver_.port()));
    ASSERT_TRUE(result.dns && result.connect && result.first_byte);
    EXPECT_FALSE(result.tls);
    EXPECT_LE(*result.dns + *result.connect + *result.first_byte, result.total + milliseconds(1));
}

TEST_F(DeliveryBehaviour, RetryAfterIsReadOf429And503AndOfNothingElse) {
    for (const int status : {429, 503}) {
        EXPECT_EQ(fetch({.status = status, .headers = {{"rEtry-After", "7"}}}).retry_after, seconds(7)) << status;
        EXPECT_EQ(fetch({.status = status}).retry_after, std::nullopt) << status;
        EXPECT_EQ(fetch({.status = status, .headers = {{"Retry-After", "soon"}}}).retry_after, std::nullopt) << status;
    }
    for (const int status : {200, 302, 410, 500, 502}) {
        EXPECT_EQ(fetch({.status = status, .headers = {{"Retry-After", "7"}}}).retry_after, std::nullopt) << status;
    }
}

TEST_F(DeliveryBehaviour, TheReceiverSeesTheRequestAsItWasGivenAndNothingOfOurs) {
    OutgoingRequest request = DeliveryClient::request(receiver_.url("/a/../b?x=1&y=%2F"), std::string("a\0b\n", 4));
    request.header_lines = {"content-type: application/json", "user-agent: moai/test", "x-empty:", "webhook-id: 7"};
    ASSERT_EQ(fetch_request(std::move(request)).error_class, ErrorClass::none);
    ASSERT_TRUE(receiver_.wait_for(1, seconds(5)));
    const auto seen = receiver_.requests().at(0);
    EXPECT_EQ(seen.method, "POST");
    EXPECT_EQ(seen.path, "/a/../b?x=1&y=%2F");
    EXPECT_EQ(seen.version, "HTTP/1.1");
    EXPECT_EQ(seen.body, std::string("a\0b\n", 4));
    using testing::Pair;
    EXPECT_THAT(seen.headers, testing::UnorderedElementsAre(
                                  Pair("host", "127.0.0.1:" + std::to_string(receiver_.port())), Pair("accept", "*/*"),
                                  Pair("content-type", "application/json"), Pair("user-agent", "moai/test"),
                                  Pair("x-empty", ""), Pair("webhook-id", "7"), Pair("content-length", "4")));
}

TEST_F(DeliveryBehaviour, ARequestWithoutHeadersGetsNoContentTypeOfLibcurls) {
    OutgoingRequest request = DeliveryClient::request(receiver_.url("/"), "");
    request.header_lines.clear();
    ASSERT_EQ(fetch_request(std::move(request)).error_class, ErrorClass::none);
    ASSERT_TRUE(receiver_.wait_for(1, seconds(5)));
    EXPECT_EQ(receiver_.requests().at(0).header("content-type"), "");
    EXPECT_EQ(receiver_.requests().at(0).header("content-length"), "0");
}

TEST_F(DeliveryBehaviour, ALargeBodyIsSentWithoutExpectingContinue) {
    const std::string body(3 << 20, 'b');
    ASSERT_EQ(fetch_request(DeliveryClient::request(receiver_.url("/"), body)).error_class, ErrorClass::none);
    ASSERT_TRUE(receiver_.wait_for(1, seconds(5)));
    EXPECT_EQ(receiver_.requests().at(0).body, body);
    EXPECT_EQ(receiver_.requests().at(0).header("expect"), "");
}

TEST_F(DeliveryBehaviour, AStatusThatIsNot2xxIsAFailure) {
    for (const int status : {400, 404, 410, 429, 500, 503}) {
        const auto result = fetch({.status = status, .body = "no"});
        EXPECT_EQ(result.error_class, ErrorClass::http_status);
        EXPECT_EQ(result.http_status, status);
        EXPECT_EQ(result.error_detail, "HTTP " + std::to_string(status));
        EXPECT_EQ(result.response_body, "no");
    }
    EXPECT_EQ(fetch({.status = 204}).error_class, ErrorClass::none);
}

TEST_F(DeliveryBehaviour, ARedirectIsAFailureThatSaysWhereItPointedAndIsNotFollowed) {
    FakeReceiver other;
    const auto result = fetch({.status = 302, .headers = {{"Location", other.url("/secret")}}});
    EXPECT_EQ(result.error_class, ErrorClass::http_status);
    EXPECT_EQ(result.http_status, 302);
    EXPECT_EQ(result.error_detail, "HTTP 302, redirects are not followed: " + other.url("/secret"));
    EXPECT_EQ(other.connections_accepted(), 0U);
    EXPECT_EQ(receiver_.count(), 1U);
}

TEST_F(DeliveryBehaviour, ADelayedAnswerWithinTheTimeoutIsASuccess) {
    EXPECT_EQ(fetch({.delay = milliseconds(200)}).error_class, ErrorClass::none);
    EXPECT_GE(took_, milliseconds(200));
}

TEST_F(DeliveryBehaviour, NobodyThereIsAConnectError) {
    std::string url;
    {
        const FakeReceiver gone;
        url = gone.url();
    }
    const auto result = fetch_request(DeliveryClient::request(url));
    EXPECT_EQ(result.error_class, ErrorClass::connect) << result.error_detail;
    EXPECT_NE(result.error_detail, "");
    EXPECT_EQ(result.remote_address, "");
    EXPECT_FALSE(result.connect || result.first_byte || result.http_status);
    EXPECT_LT(took_, kSlack);
}

TEST_F(DeliveryBehaviour, AReceiverWhoseQueueIsFullIsAConnectTimeout) {
    receiver_.stop_accepting_with_full_queue();
    OutgoingRequest request = DeliveryClient::request(receiver_.url());
    request.connect_timeout = kShort;
    const auto result = fetch_request(std::move(request));
    EXPECT_EQ(result.error_class, ErrorClass::connect_timeout) << result.error_detail;
    EXPECT_EQ(result.error_detail, "no connection within 300 ms");
    EXPECT_EQ(result.remote_address, "");
    expect_ended_after(kShort);
}

TEST_F(DeliveryBehaviour, AReceiverThatHangsBeforeAcceptIsATimeout) {
    receiver_.stop_accepting();
    OutgoingRequest request = DeliveryClient::request(receiver_.url());
    request.timeout = kShort;
    const auto result = fetch_request(std::move(request));
    EXPECT_EQ(result.error_class, ErrorClass::timeout) << result.error_detail;
    EXPECT_EQ(result.error_detail, "no complete response within 300 ms");
    expect_ended_after(kShort);
}

TEST_F(DeliveryBehaviour, AReceiverThatHangsAfterTheRequestIsATimeout) {
    const auto result = fetch({.behaviour = Behaviour::hang_after_request}, kShort);
    EXPECT_EQ(result.error_class, ErrorClass::timeout) << result.error_detail;
    EXPECT_FALSE(result.http_status || result.first_byte);
    EXPECT_TRUE(result.connect);
    expect_ended_after(kShort);
}

TEST_F(DeliveryBehaviour, AReceiverThatHangsAfterItsHeadersIsATimeoutEvenIfItSaid200) {
    const auto result = fetch({.behaviour = Behaviour::hang_after_headers}, kShort);
    EXPECT_EQ(result.error_class, ErrorClass::timeout) << result.error_detail;
    EXPECT_EQ(result.http_status, 200);
    expect_ended_after(kShort);
}

TEST_F(DeliveryBehaviour, AReceiverThatDripsBytesIsCutAtTheTotalTimeout) {
    for (const Behaviour behaviour : {Behaviour::drip, Behaviour::drip_body}) {
        const auto result =
            fetch({.body = std::string(1000, 'd'), .behaviour = behaviour, .drip_gap = milliseconds(20)}, kShort);
        EXPECT_EQ(result.error_class, ErrorClass::timeout) << result.error_detail;
        expect_ended_after(kShort);
    }
    EXPECT_GT(client_.results.back().response_bytes, 0U);
}

TEST_F(DeliveryBehaviour, ADripThatEndsInTimeIsASuccess) {
    const auto result = fetch({.body = "ok", .behaviour = Behaviour::drip, .drip_gap = milliseconds(1)});
    EXPECT_EQ(result.error_class, ErrorClass::none) << result.error_detail;
    EXPECT_EQ(result.response_body, "ok");
}

TEST_F(DeliveryBehaviour, ABodyOfAGigabyteIsCutAndCountsByItsStatus) {
    for (const int status : {200, 500}) {
        const auto result = fetch({.status = status, .behaviour = Behaviour::endless_body});
        EXPECT_EQ(result.error_class, status == 200 ? ErrorClass::none : ErrorClass::http_status);
        EXPECT_EQ(result.http_status, status);
        EXPECT_EQ(result.response_body, std::string(16'384, 'e'));
        EXPECT_GT(result.response_bytes, 64U * 1024);
        EXPECT_LE(result.response_bytes, 80U * 1024);
        EXPECT_LT(took_, kSlack);
    }
    // What the kernel's buffers took; a gigabyte was on offer.
    ASSERT_TRUE(receiver_.wait_for_open_at_most(0, seconds(5)));
    EXPECT_LT(receiver_.bytes_sent(), 64U << 20U);
}

TEST_F(DeliveryBehaviour, ABodyOfExactlyTheLimitIsReadToItsEnd) {
    const auto result = fetch({.body = std::string(65'536, 'x')});
    EXPECT_EQ(result.error_class, ErrorClass::none);
    EXPECT_EQ(result.response_bytes, 64U * 1024);
    EXPECT_EQ(result.response_body.size(), 16U * 1024);
    EXPECT_EQ(receiver_.connections_open(), 1U);
}

TEST_F(DeliveryBehaviour, HeadersWithoutEndAreAnInvalidResponse) {
    const auto result = fetch({.behaviour = Behaviour::endless_headers});
    EXPECT_EQ(result.error_class, ErrorClass::invalid_response) << result.error_detail;
    EXPECT_EQ(result.error_detail, "the response's headers are too large");
    EXPECT_LT(took_, kSlack);
}

TEST_F(DeliveryBehaviour, GarbageIsAnInvalidResponse) {
    for (const std::string& garbage :
         {std::string("\x16\x03\x01\x00garbage\r\n\r\n", 15), std::string("220 mail.example ESMTP\r\n"),
          std::string("<html>no headers</html>"), std::string("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"),
          std::string("HTTP/1.1 abc OK\r\n\r\n")}) {
        const auto result = fetch({.body = garbage, .behaviour = Behaviour::garbage});
        EXPECT_EQ(result.error_class, ErrorClass::invalid_response)
            << error_class_name(result.error_class) << ": " << result.error_detail << " for " << garbage;
        EXPECT_NE(result.error_detail, "");
    }
}

TEST_F(DeliveryBehaviour, AReceiverThatClosesMidBodyIsALostConnection) {
    const auto result = fetch({.body = "half of", .behaviour = Behaviour::close_mid_body});
    EXPECT_EQ(result.error_class, ErrorClass::connection_lost) << result.error_detail;
    EXPECT_EQ(result.http_status, 200);
    EXPECT_EQ(result.response_body, "half of");
}

TEST_F(DeliveryBehaviour, AReceiverThatClosesWithoutAnAnswerIsALostConnection) {
    const auto result = fetch({.behaviour = Behaviour::close_without_answer});
    EXPECT_EQ(result.error_class, ErrorClass::connection_lost) << result.error_detail;
    EXPECT_FALSE(result.http_status);
}

TEST_F(DeliveryBehaviour, HttpsToAPortThatSpeaksPlainHttpIsATlsError) {
    const auto result =
        fetch_request(DeliveryClient::request("https://127.0.0.1:" + std::to_string(receiver_.port()) + "/hook"));
    EXPECT_EQ(result.error_class, ErrorClass::tls) << result.error_detail;
    EXPECT_FALSE(result.tls);
}

TEST_F(DeliveryBehaviour, ATlsHandshakeThatHangsIsAConnectTimeout) {
    receiver_.stop_accepting();
    OutgoingRequest request = DeliveryClient::request("https://127.0.0.1:" + std::to_string(receiver_.port()) + "/");
    request.connect_timeout = kShort;
    EXPECT_EQ(fetch_request(std::move(request)).error_class, ErrorClass::connect_timeout);
    expect_ended_after(kShort);
}

TEST_F(DeliveryBehaviour, ARequestThatCannotBeSentIsRefusedWithoutConnecting) {
    for (const std::string url : {"ftp://127.0.0.1/", "http://u:p@127.0.0.1/", "http:// a/", ""}) {
        const auto result = fetch_request(DeliveryClient::request(url));
        EXPECT_EQ(result.error_class, ErrorClass::invalid_request) << url;
        EXPECT_NE(result.error_detail, "") << url;
    }
    for (const std::string line : {"x: a\r\nevil: 1", "x: a\nb", "no colon", ": no name", "bad name: x"}) {
        OutgoingRequest request = DeliveryClient::request(receiver_.url());
        request.header_lines.push_back(line);
        EXPECT_EQ(fetch_request(std::move(request)).error_class, ErrorClass::invalid_request) << line;
    }
    OutgoingRequest no_time = DeliveryClient::request(receiver_.url());
    no_time.timeout = milliseconds(0);
    EXPECT_EQ(fetch_request(std::move(no_time)).error_class, ErrorClass::invalid_request);
    EXPECT_EQ(receiver_.connections_accepted(), 0U);
}

TEST_F(DeliveryBehaviour, ARequestPastItsStartDeadlineIsNotSent) {
    OutgoingRequest request = DeliveryClient::request(receiver_.url());
    request.start_deadline = Clock::now() - milliseconds(1);
    EXPECT_EQ(fetch_request(std::move(request)).error_class, ErrorClass::lease_expired);
    EXPECT_EQ(receiver_.connections_accepted(), 0U);
}

TEST_F(DeliveryBehaviour, ProxyVariablesOfTheEnvironmentAreIgnored) {
    FakeReceiver proxy;
    // NOLINTBEGIN(concurrency-mt-unsafe): nothing but this thread reads the environment
    ASSERT_EQ(::setenv("http_proxy", proxy.url().c_str(), 1), 0);
    ASSERT_EQ(::setenv("all_proxy", proxy.url().c_str(), 1), 0);
    const auto result = fetch(Answer{});
    ::unsetenv("http_proxy");
    ::unsetenv("all_proxy");
    // NOLINTEND(concurrency-mt-unsafe)
    EXPECT_EQ(result.error_class, ErrorClass::none) << result.error_detail;
    EXPECT_EQ(proxy.connections_accepted(), 0U);
    EXPECT_EQ(receiver_.count(), 1U);
}

TEST_F(DeliveryBehaviour, ACompressedBodyIsNotUnpacked) {
    const auto result = fetch({.headers = {{"Content-Encoding", "gzip"}}, .body = "not gzip at all"});
    EXPECT_EQ(result.error_class, ErrorClass::none) << result.error_detail;
    EXPECT_EQ(result.response_body, "not gzip at all");
}

}  // namespace
