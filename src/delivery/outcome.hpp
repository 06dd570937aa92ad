// What a finished transfer means: libcurl's code and what was seen on the way, sorted into worker::ErrorClass.
#pragma once

#include <optional>
#include <string>

#include "worker/transport.hpp"

namespace moai::delivery {

/// What is known of a transfer when libcurl has done with it.
struct TransferFacts {
    int curl_code = 0;                                ///< CURLcode
    std::string curl_message;                         ///< libcurl's error buffer, may be empty
    std::optional<int> http_status;                   ///< of the last response whose status line was read
    std::string redirect_url;                         ///< where a 3xx pointed, absolute; empty if nowhere
    std::optional<std::chrono::seconds> retry_after;  ///< of a 429 or 503
    std::string refusal;                ///< by the egress policy, of every address; empty if one was tried
    bool connected = false;             ///< TCP and, with https, TLS were up, so that the request could be sent
    bool stopped_reading = false;       ///< we ended it: the body went on past our limit
    bool headers_too_large = false;     ///< we ended it: the headers went on past our limit
    bool head_complete = false;         ///< the head of an answer was read to its end
    bool ends_with_connection = false;  ///< and says nothing of the body's length: it ends where the connection does
    int local_errno = 0;                ///< why this machine had no socket or port for it; 0 if that was not it
    std::chrono::milliseconds timeout{0}, connect_timeout{0};  ///< as configured, for the wording
};

struct Outcome {
    worker::ErrorClass error_class = worker::ErrorClass::none;
    std::string detail;
    bool never_sent = false;  ///< for want of something of this machine's
};

[[nodiscard]] Outcome classify(const TransferFacts& facts);

/// What connecting may fail for that is a lack of this machine's and no fault of the address. EADDRNOTAVAIL, the ports
/// are used up, counts for IPv4 alone: for IPv6 it is also what an address gives that this machine has no way to.
[[nodiscard]] bool is_own_lack(int error_number, bool is_ipv4) noexcept;

/// One line of printable ASCII, at most 300 bytes: what receivers send must not reach logs and rows as it is.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace moai::delivery
