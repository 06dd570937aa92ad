// classify: the one table from CURLcode to ErrorClass.
#include "delivery/outcome.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace moai::delivery {
namespace {

using worker::ErrorClass;

constexpr std::size_t kLongestDetail = 300;

Outcome by_status(const TransferFacts& facts) {
    if (!facts.http_status) {
        return {ErrorClass::invalid_response, "the response has no status"};
    }
    const int status = *facts.http_status;
    if (status >= 200 && status <= 299) {
        return {};
    }
    if (status >= 300 && status <= 399 && !facts.redirect_url.empty()) {
        return {ErrorClass::http_status,
                fmt::format("HTTP {}, redirects are not followed: {}", status, printable(facts.redirect_url))};
    }
    if (facts.retry_after) {
        return {ErrorClass::http_status, fmt::format("HTTP {}, Retry-After {} s", status, facts.retry_after->count())};
    }
    return {ErrorClass::http_status, fmt::format("HTTP {}", status)};
}

ErrorClass class_of(const TransferFacts& facts) {
    switch (facts.curl_code) {
        case CURLE_COULDNT_RESOLVE_PROXY:
        case CURLE_COULDNT_RESOLVE_HOST: return ErrorClass::dns;
        case CURLE_COULDNT_CONNECT: return facts.local_errno == 0 ? ErrorClass::connect : ErrorClass::internal;
        case CURLE_OPERATION_TIMEDOUT: return facts.connected ? ErrorClass::timeout : ErrorClass::connect_timeout;
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CIPHER:
        case CURLE_USE_SSL_FAILED:
        case CURLE_SSL_ISSUER_ERROR:
        case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
        case CURLE_SSL_INVALIDCERTSTATUS:
        case CURLE_SSL_CLIENTCERT: return ErrorClass::tls;
        case CURLE_GOT_NOTHING:
        case CURLE_SEND_ERROR:
        case CURLE_RECV_ERROR:
        case CURLE_PARTIAL_FILE:
        case CURLE_HTTP2:
        case CURLE_HTTP2_STREAM: return ErrorClass::connection_lost;
        // Answers that are no HTTP/1: HTTP/0.9 is reported as an unsupported protocol.
        case CURLE_UNSUPPORTED_PROTOCOL:
            return facts.connected ? ErrorClass::invalid_response : ErrorClass::invalid_request;
        case CURLE_WEIRD_SERVER_REPLY:
        case CURLE_BAD_CONTENT_ENCODING:
        case CURLE_FILESIZE_EXCEEDED: return ErrorClass::invalid_response;
        case CURLE_URL_MALFORMAT: return ErrorClass::invalid_request;
        default: return ErrorClass::internal;
    }
}

std::string detail_of(const TransferFacts& facts, ErrorClass error_class) {
    if (error_class == ErrorClass::connect_timeout) {
        return fmt::format("no connection within {} ms", std::min(facts.connect_timeout, facts.timeout).count());
    }
    if (error_class == ErrorClass::timeout) {
        return fmt::format("no complete response within {} ms", facts.timeout.count());
    }
    if (facts.local_errno != 0) {
        return fmt::format("no socket: {}", std::generic_category().message(facts.local_errno));
    }
    const std::string text = printable(facts.curl_message);
    return text.empty() ? curl_easy_strerror(static_cast<CURLcode>(facts.curl_code)) : text;
}

}  // namespace

bool is_own_lack(int error_number, bool is_ipv4) noexcept {
    switch (error_number) {
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM: return true;
        case EADDRNOTAVAIL: return is_ipv4;
        default: return false;
    }
}

std::string printable(std::string_view text) {
    std::string result;
    for (const char c : text.substr(0, kLongestDetail)) {
        result += c >= ' ' && c <= '~' ? c : '?';
    }
    return result;
}

Outcome classify(const TransferFacts& facts) {
    if (!facts.refusal.empty() && facts.curl_code != CURLE_OK) {
        return {ErrorClass::blocked, facts.refusal};
    }
    if (facts.headers_too_large) {
        return {ErrorClass::invalid_response, "the response's headers are too large"};
    }
    // A receiver that gives no length says "that was all" by closing, however rudely it closes.
    const bool is_whole = facts.ends_with_connection && facts.curl_code == CURLE_RECV_ERROR;
    if (facts.curl_code == CURLE_OK || facts.stopped_reading || is_whole) {
        return by_status(facts);
    }
    // How libcurl calls a line that is longer than it keeps.
    if (facts.curl_code == CURLE_OUT_OF_MEMORY && facts.connected && !facts.head_complete) {
        return {ErrorClass::invalid_response, "the response's headers are too large"};
    }
    const ErrorClass error_class = class_of(facts);
    const bool never_sent = facts.curl_code == CURLE_COULDNT_CONNECT && error_class == ErrorClass::internal;
    return {error_class, detail_of(facts, error_class), never_sent};
}

}  // namespace moai::delivery
