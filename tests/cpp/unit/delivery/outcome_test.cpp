// classify: each libcurl code and each circumstance that changes its meaning.
#include "delivery/outcome.hpp"

#include <curl/curl.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "worker/transport.hpp"

namespace {

using moai::delivery::classify;
using moai::delivery::printable;
using moai::delivery::TransferFacts;
using moai::worker::ErrorClass;

ErrorClass class_of(CURLcode code, bool connected = true) {
    TransferFacts facts;
    facts.curl_code = code;
    facts.connected = connected;
    return classify(facts).error_class;
}

TransferFacts answered(int status) {
    TransferFacts facts;
    facts.http_status = status;
    return facts;
}

TEST(Outcome, TwoHundredToTwoNineNineIsSuccessAndNothingElse) {
    for (int status = 100; status < 600; ++status) {
        const auto outcome = classify(answered(status));
        const bool success = status >= 200 && status <= 299;
        ASSERT_EQ(outcome.error_class, success ? ErrorClass::none : ErrorClass::http_status) << status;
        ASSERT_EQ(outcome.detail, success ? "" : "HTTP " + std::to_string(status));
    }
}

TEST(Outcome, ARefusalThatAsksToBeLeftAloneSaysForHowLong) {
    TransferFacts facts = answered(429);
    facts.retry_after = std::chrono::seconds(60);
    EXPECT_EQ(classify(facts).detail, "HTTP 429, Retry-After 60 s");
}

TEST(Outcome, ARedirectSaysWhereItPointed) {
    TransferFacts facts = answered(302);
    facts.redirect_url = "http://169.254.169.254/latest\x01";
    EXPECT_EQ(classify(facts).error_class, ErrorClass::http_status);
    EXPECT_EQ(classify(facts).detail, "HTTP 302, redirects are not followed: http://169.254.169.254/latest?");
}

TEST(Outcome, ABodyThatWeStoppedReadingCountsByItsStatus) {
    TransferFacts facts = answered(200);
    facts.curl_code = CURLE_WRITE_ERROR;
    facts.stopped_reading = true;
    EXPECT_EQ(classify(facts).error_class, ErrorClass::none);
    facts.http_status = 500;
    EXPECT_EQ(classify(facts).error_class, ErrorClass::http_status);
}

TEST(Outcome, AWriteErrorThatIsNotOurLimitIsOurFault) { EXPECT_EQ(class_of(CURLE_WRITE_ERROR), ErrorClass::internal); }

TEST(Outcome, HeadersPastTheLimitAreAnInvalidResponseWhateverTheStatus) {
    TransferFacts facts = answered(200);
    facts.curl_code = CURLE_WRITE_ERROR;
    facts.headers_too_large = true;
    EXPECT_EQ(classify(facts).error_class, ErrorClass::invalid_response);
}

TEST(Outcome, AHeaderLineWithoutEndIsAnInvalidResponseAndNoLackOfMemory) {
    EXPECT_EQ(class_of(CURLE_OUT_OF_MEMORY, true), ErrorClass::invalid_response);
    EXPECT_EQ(class_of(CURLE_OUT_OF_MEMORY, false), ErrorClass::internal);
    TransferFacts facts = answered(200);
    facts.curl_code = CURLE_OUT_OF_MEMORY;
    facts.connected = facts.head_complete = true;
    EXPECT_EQ(classify(facts).error_class, ErrorClass::internal);
}

TEST(Outcome, ABodyThatEndsWithTheConnectionIsWholeHoweverItIsClosed) {
    TransferFacts facts = answered(200);
    facts.curl_code = CURLE_RECV_ERROR;
    facts.connected = facts.head_complete = true;
    EXPECT_EQ(classify(facts).error_class, ErrorClass::connection_lost) << "its length was announced";
    facts.ends_with_connection = true;
    EXPECT_EQ(classify(facts).error_class, ErrorClass::none);
    facts.http_status = 500;
    EXPECT_EQ(classify(facts).error_class, ErrorClass::http_status);
}

TEST(Outcome, WhatThisMachineLacksCostsTheEndpointNothing) {
    TransferFacts facts;
    facts.curl_code = CURLE_COULDNT_CONNECT;
    EXPECT_FALSE(classify(facts).never_sent);
    facts.local_errno = EADDRNOTAVAIL;
    EXPECT_TRUE(classify(facts).never_sent);
    facts.curl_code = CURLE_RECV_ERROR;
    EXPECT_FALSE(classify(facts).never_sent) << "it was sent";

    for (const int lack : {EMFILE, ENFILE, ENOBUFS, ENOMEM}) {
        EXPECT_TRUE(moai::delivery::is_own_lack(lack, true) && moai::delivery::is_own_lack(lack, false)) << lack;
    }
    EXPECT_TRUE(moai::delivery::is_own_lack(EADDRNOTAVAIL, true));
    EXPECT_FALSE(moai::delivery::is_own_lack(EADDRNOTAVAIL, false)) << "[::1] where there is no IPv6";
    EXPECT_FALSE(moai::delivery::is_own_lack(ECONNREFUSED, true));
    EXPECT_FALSE(moai::delivery::is_own_lack(ENETUNREACH, true));
}

TEST(Outcome, ATimeoutIsNamedAfterItsPhase) {
    TransferFacts facts;
    facts.curl_code = CURLE_OPERATION_TIMEDOUT;
    facts.timeout = std::chrono::milliseconds(15'000);
    facts.connect_timeout = std::chrono::milliseconds(5'000);
    EXPECT_EQ(classify(facts).error_class, ErrorClass::connect_timeout);
    EXPECT_EQ(classify(facts).detail, "no connection within 5000 ms");
    facts.connected = true;
    EXPECT_EQ(classify(facts).error_class, ErrorClass::timeout);
    EXPECT_EQ(classify(facts).detail, "no complete response within 15000 ms");
}

TEST(Outcome, ASocketThatWeCouldNotMakeIsNotTheEndpointsFault) {
    TransferFacts facts;
    facts.curl_code = CURLE_COULDNT_CONNECT;
    EXPECT_EQ(classify(facts).error_class, ErrorClass::connect);
    facts.local_errno = EMFILE;
    EXPECT_EQ(classify(facts).error_class, ErrorClass::internal);
    EXPECT_EQ(classify(facts).detail, "no socket: Too many open files");
}

TEST(Outcome, SortsTheRemainingCodes) {
    EXPECT_EQ(class_of(CURLE_COULDNT_RESOLVE_HOST, false), ErrorClass::dns);
    for (const CURLcode code : {CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM}) {
        EXPECT_EQ(class_of(code, false), ErrorClass::tls) << code;
    }
    for (const CURLcode code :
         {CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_PARTIAL_FILE, CURLE_HTTP2}) {
        EXPECT_EQ(class_of(code), ErrorClass::connection_lost) << code;
    }
    EXPECT_EQ(class_of(CURLE_UNSUPPORTED_PROTOCOL, true), ErrorClass::invalid_response);
    EXPECT_EQ(class_of(CURLE_UNSUPPORTED_PROTOCOL, false), ErrorClass::invalid_request);
    EXPECT_EQ(class_of(CURLE_WEIRD_SERVER_REPLY), ErrorClass::invalid_response);
    EXPECT_EQ(class_of(CURLE_URL_MALFORMAT, false), ErrorClass::invalid_request);
    for (const CURLcode code :
         {CURLE_BAD_FUNCTION_ARGUMENT, CURLE_ABORTED_BY_CALLBACK, CURLE_SSL_CACERT_BADFILE, CURLE_FAILED_INIT}) {
        EXPECT_EQ(class_of(code), ErrorClass::internal) << code;
    }
}

TEST(Outcome, TakesTheMessageOfLibcurlAndNeverLeavesTheDetailEmpty) {
    TransferFacts facts;
    facts.curl_code = CURLE_RECV_ERROR;
    EXPECT_EQ(classify(facts).detail, curl_easy_strerror(CURLE_RECV_ERROR));
    facts.curl_message = "Recv failure: Connection reset by peer";
    EXPECT_EQ(classify(facts).detail, "Recv failure: Connection reset by peer");
}

TEST(Outcome, PrintableIsOneShortLineOfAscii) {
    EXPECT_EQ(printable("a\r\nb\xc3\xa9\x00z"), "a??b??");
    EXPECT_EQ(printable(std::string(5000, 'x')).size(), 300U);
}

TEST(ErrorClassName, IsTheNameOfTheEnumerator) {
    EXPECT_EQ(error_class_name(ErrorClass::none), "none");
    EXPECT_EQ(error_class_name(ErrorClass::connect_timeout), "connect_timeout");
    EXPECT_EQ(error_class_name(ErrorClass::internal), "internal");
}

}  // namespace
