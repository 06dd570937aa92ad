// What the worker asks of whoever carries its HTTP requests. Implemented by delivery/, faked in unit tests.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace moai::worker {

/// One HTTP request to a receiver, complete: the transport adds nothing that a receiver's code would notice.
struct OutgoingRequest {
    std::string url;
    std::string method = "POST";            ///< or any other that has a body
    std::vector<std::string> header_lines;  ///< "name: value", no CR, LF or NUL
    std::string body;
    std::string signed_with;  ///< the ids of the keys, separated by spaces: for the log of attempts, not sent
    std::chrono::milliseconds timeout{15'000};         ///< whole request, name look-up apart
    std::chrono::milliseconds connect_timeout{5'000};  ///< TCP and TLS
    /// Not to be sent after this: the lease would end before the answer could be recorded.
    std::chrono::steady_clock::time_point start_deadline = std::chrono::steady_clock::time_point::max();
};

/// Why an attempt failed. The text form (error_class_name) is the `error_class` of the attempt, the metric and the log.
enum class ErrorClass {
    none,              ///< a 2xx was seen
    http_status,       ///< an answer came, its status is not 2xx (3xx included: redirects are not followed)
    dns,               ///< the name did not resolve, or not within the DNS deadline
    connect,           ///< refused or unreachable
    connect_timeout,   ///< no connection within connect_timeout
    tls,               ///< handshake or certificate
    timeout,           ///< connected, but no complete answer within timeout
    connection_lost,   ///< broken after the request was sent: the receiver may have processed it
    invalid_response,  ///< not HTTP
    blocked,           ///< refused by our egress policy
    invalid_request,   ///< the URL or a header cannot be sent
    lease_expired,     ///< start_deadline had passed: not sent
    internal,          ///< our own fault (no memory, no descriptor)
};
[[nodiscard]] std::string_view error_class_name(ErrorClass value) noexcept;

/// What became of one request.
struct TransferResult {
    ErrorClass error_class = ErrorClass::none;
    /// Not a byte left this machine, for a lack of its own (look-up thread, descriptor, port): no attempt was made.
    bool never_sent = false;
    std::string error_detail;        ///< one line for people; empty on success
    std::optional<int> http_status;  ///< of the last response seen, also when the body then failed
    /// What a 429 or 503 asked for: no request for so long. At most an hour.
    std::optional<std::chrono::seconds> retry_after;
    std::string response_headers;      ///< the first of them, a line each; at most the transport's cap
    std::string response_body;         ///< the first bytes, at most the transport's cap
    std::uint64_t response_bytes = 0;  ///< body bytes received before we stopped reading
    std::string remote_address;        ///< "203.0.113.7:443", empty if never connected
    /// Phases since the request was submitted, each from the end of the one before; unset if not reached.
    std::optional<std::chrono::microseconds> dns, connect, tls, first_byte;
    std::chrono::microseconds total{0};
    std::chrono::steady_clock::time_point started_at;
};

/// Carries requests. Not thread-safe: one per event loop, used on its thread only.
class Transport {
public:
    using Done = std::function<void(TransferResult)>;

    virtual ~Transport() = default;
    /// Starts a request. `done` is called exactly once, later, on the loop's thread, never from within send().
    virtual void send(OutgoingRequest request, Done done) = 0;
    /// Requests that have been sent or wait for a name look-up and whose `done` has not been called.
    [[nodiscard]] virtual std::size_t in_flight() const = 0;
    /// Begins now with what send() was given since, instead of in the loop's next round. May call `done` of any
    /// request. Not from within a `done`.
    virtual void begin_now() = 0;
};

}  // namespace moai::worker
