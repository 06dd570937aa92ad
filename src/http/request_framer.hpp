// Cuts a byte stream into HTTP/1.x requests, strictly: whatever two readers could understand differently is refused.
// Pure: no sockets, no clock, no policy beyond sizes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/problem.hpp"
#include "api/request.hpp"

namespace moai::http {

struct FramerLimits {
    std::size_t max_body = 2U << 20;           ///< bytes, judged by Content-Length before any of it is read
    std::size_t max_header_bytes = 16U << 10;  ///< all header lines with their CRLF, the request line not counted
    std::size_t max_headers = 100;
    std::size_t max_path = 2U << 10;    ///< bytes of the undecoded path
    std::size_t max_target = 6U << 10;  ///< bytes of path and query
};

/// One request as it stood on the wire, its syntax checked.
struct FramedRequest {
    std::string method;
    std::string path;                  ///< undecoded, starts with '/'
    std::string query;                 ///< undecoded, without '?'
    std::vector<api::Header> headers;  ///< names in lower case, values trimmed, in order
    std::string body;
    std::string host;  ///< of an absolute target, else the Host header; never empty
    std::size_t content_length = 0;
    bool length_missing =
        false;               ///< POST, PUT or PATCH without Content-Length: what follows must not be read as a request
    bool keep_alive = true;  ///< what the client asked for
    bool is_http10 = false;
    bool expects_continue = false;
};

/// Not thread-safe; one per connection. Work is linear in the bytes fed, however they are cut.
///
/// Of a body that is longer than a few reads there is one copy at any time, of its own size.
///
/// feed() bytes, then call next() until it says need_more. After failed the stream cannot be trusted any more: close
/// it.
class RequestFramer {
public:
    enum class Step : std::uint8_t {
        need_more,  ///< nothing new can be said yet
        head,       ///< request() is complete but for its body; said once per request
        complete,   ///< request() is complete; take() it
        failed,     ///< failure() says why; said for ever after
    };
    explicit RequestFramer(FramerLimits limits) : limits_(limits) {}

    void feed(std::string_view bytes);
    [[nodiscard]] Step next();

    [[nodiscard]] const FramedRequest& request() const noexcept { return request_; }
    [[nodiscard]] const api::Problem& failure() const noexcept { return failure_; }
    /// Hands the complete request out and makes ready for the next one.
    [[nodiscard]] FramedRequest take();

    /// No byte of a further request has been fed.
    [[nodiscard]] bool idle() const noexcept;
    /// The head is complete, the body is not.
    [[nodiscard]] bool in_body() const noexcept { return phase_ == Phase::body; }
    /// All bytes of the body that the head announced have been fed.
    [[nodiscard]] bool body_arrived() const noexcept { return buffered() >= request_.content_length; }

private:
    enum class Phase : std::uint8_t { request_line, headers, body, complete, failed };

    [[nodiscard]] std::size_t buffered() const noexcept { return buffer_.size() - start_; }
    bool next_line(std::string_view& line);
    void on_unfinished_line();
    void parse_request_line(std::string_view line);
    void parse_target(std::string_view target);
    void parse_header(std::string_view line);
    void finish_head();
    void judge_framing(std::size_t lengths, std::string_view length, bool transfer_encoding);
    void take_body();
    void refuse_headers();
    void refuse_target(std::string_view what, std::size_t limit);
    void fail(int status, std::string detail, std::string values = {}, std::string hint = {});
    void compact();

    FramerLimits limits_;
    Phase phase_ = Phase::request_line;
    std::string buffer_;
    std::size_t start_ = 0;    ///< first byte of buffer_ not yet used up
    std::size_t scanned_ = 0;  ///< bytes after start_ already searched for a line end
    std::size_t header_bytes_ = 0;
    bool blank_line_skipped_ = false;
    std::string target_host_;
    FramedRequest request_;
    api::Problem failure_;
};

}  // namespace moai::http
