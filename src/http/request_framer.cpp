// The strict HTTP/1.x request grammar (RFC 9112) behind RequestFramer.
#include "http/request_framer.hpp"

#include <algorithm>
#include <utility>

#include "api/utf8.hpp"
#include "http/token.hpp"

namespace moai::http {
namespace {

constexpr std::size_t kLongestMethod = 32;
constexpr std::string_view kHttpScheme = "http://";
/// A buffer of this capacity is kept between requests; a body of this size is handed out without a copy. Also as much
/// as one read brings at most.
constexpr std::size_t kKeptCapacity = 64U << 10;
constexpr std::size_t kLongestValueShown = 64;

bool is_target_char(char c) noexcept { return c > ' ' && c < 0x7f; }

bool is_value_char(char c) noexcept {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= ' ' && byte != 0x7f);
}

bool takes_body(std::string_view method) noexcept { return method == "POST" || method == "PUT" || method == "PATCH"; }

}  // namespace

void RequestFramer::feed(std::string_view bytes) {
    if (phase_ == Phase::failed) {
        return;
    }
    compact();
    if (phase_ == Phase::body && request_.content_length >= kKeptCapacity) {
        // Done once per body: the head goes, so that the buffer becomes the body, which it need not outgrow.
        buffer_.erase(0, std::exchange(start_, 0));
        buffer_.reserve(request_.content_length + kKeptCapacity);
    }
    buffer_.append(bytes);
}

RequestFramer::Step RequestFramer::next() {
    if (phase_ == Phase::complete) {
        return Step::complete;
    }
    std::string_view line;
    while ((phase_ == Phase::request_line || phase_ == Phase::headers) && next_line(line)) {
        if (phase_ == Phase::request_line) {
            // RFC 9112 2.2: one empty line may precede a request (old clients end a body with it).
            if (line.empty() && !std::exchange(blank_line_skipped_, true)) {
                continue;
            }
            parse_request_line(line);
        } else if (line.empty()) {
            finish_head();
            if (phase_ == Phase::body) {
                return Step::head;
            }
        } else {
            parse_header(line);
        }
    }
    if (phase_ == Phase::request_line || phase_ == Phase::headers) {
        on_unfinished_line();
    }
    if (phase_ == Phase::failed) {
        return Step::failed;
    }
    if (phase_ != Phase::body || !body_arrived()) {
        return Step::need_more;
    }
    take_body();
    phase_ = Phase::complete;
    return Step::complete;
}

/// A long body is moved, so that it is never there twice, and what follows it (less than one read) is copied.
void RequestFramer::take_body() {
    const std::size_t length = request_.content_length;
    if (start_ > 0 || length < kKeptCapacity) {
        request_.body.assign(buffer_, start_, length);
        start_ += length;
        return;
    }
    std::string rest = buffer_.substr(length);
    buffer_.resize(length);
    request_.body = std::exchange(buffer_, std::move(rest));
}

FramedRequest RequestFramer::take() {
    compact();
    phase_ = Phase::request_line;
    scanned_ = 0;
    header_bytes_ = 0;
    blank_line_skipped_ = false;
    target_host_.clear();
    return std::exchange(request_, FramedRequest{});
}

bool RequestFramer::idle() const noexcept { return phase_ == Phase::request_line && buffered() == 0; }

/// Takes the next line that ends in CRLF. A line feed without its carriage return fails the stream.
bool RequestFramer::next_line(std::string_view& line) {
    const auto end = buffer_.find('\n', start_ + scanned_);
    if (end == std::string::npos) {
        scanned_ = buffered();
        return false;
    }
    if (end == start_ || buffer_[end - 1] != '\r') {
        fail(400, "a line must end in CR LF");
        return false;
    }
    line = std::string_view(buffer_).substr(start_, end - 1 - start_);
    if (phase_ == Phase::headers) {
        header_bytes_ += end + 1 - start_;
    }
    start_ = end + 1;
    scanned_ = 0;
    return true;
}

/// Refuses a line that cannot end well before it has ended, so that nobody fills the buffer with one.
void RequestFramer::on_unfinished_line() {
    const std::string_view rest = std::string_view(buffer_).substr(start_);
    if (phase_ == Phase::headers) {
        if (header_bytes_ + rest.size() > limits_.max_header_bytes) {
            refuse_headers();
        }
        return;
    }
    const auto space = rest.find(' ');
    const auto method = rest.substr(0, space);
    if (method.size() > kLongestMethod ||
        !std::all_of(method.begin(), method.end(), [](char c) { return is_token_char(c) || c == '\r'; })) {
        fail(400, "the request line does not begin with a method");
    } else if (rest.size() > method.size() + 1 + limits_.max_target + std::string_view(" HTTP/1.1\r").size()) {
        refuse_target("path and query", limits_.max_target);
    }
}

void RequestFramer::parse_request_line(std::string_view line) {
    const auto first = line.find(' ');
    const auto last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) {
        fail(400, "the request line is not METHOD TARGET VERSION");
        return;
    }
    const auto method = line.substr(0, first);
    const auto target = line.substr(first + 1, last - first - 1);
    const auto version = line.substr(last + 1);
    if (!is_token(method) || method.size() > kLongestMethod) {
        fail(400, "the method is not a token");
        return;
    }
    const bool shaped = version.size() == 8 && version.starts_with("HTTP/") && version[6] == '.' &&
                        is_digit(version[5]) && is_digit(version[7]);
    if (!shaped) {
        fail(400, "the request line does not end in an HTTP version");
        return;
    }
    if (version != "HTTP/1.1" && version != "HTTP/1.0") {
        fail(505, "only HTTP/1.1 and HTTP/1.0 are spoken here", std::string(version), "Send HTTP/1.1.");
        return;
    }
    request_.is_http10 = version == "HTTP/1.0";
    request_.keep_alive = !request_.is_http10;
    request_.method = method;
    parse_target(target);
    if (phase_ != Phase::failed) {
        phase_ = Phase::headers;
    }
}

void RequestFramer::parse_target(std::string_view target) {
    if (target.size() > limits_.max_target) {
        refuse_target("path and query", limits_.max_target);
        return;
    }
    if (!std::all_of(target.begin(), target.end(), is_target_char) || target.find('#') != std::string_view::npos) {
        fail(400, "the request target has a character that must be percent-encoded");
        return;
    }
    if (equals_ignoring_case(target.substr(0, kHttpScheme.size()), kHttpScheme)) {
        target.remove_prefix(kHttpScheme.size());
        const auto authority = target.substr(0, target.find_first_of("/?"));
        if (authority.empty()) {
            fail(400, "the request target has no host");
            return;
        }
        target_host_ = authority;
        target.remove_prefix(authority.size());
        if (target.empty() || target.front() == '?') {
            request_.path = "/";
        }
    }
    const auto question = target.find('?');
    const auto path = target.substr(0, question);
    if (request_.path.empty()) {
        request_.path = path;
    }
    if (question != std::string_view::npos) {
        request_.query = target.substr(question + 1);
    }
    if (request_.path.empty() || request_.path.front() != '/') {
        fail(400, "the request target must begin with a slash");
    } else if (request_.path.size() > limits_.max_path) {
        refuse_target("the path", limits_.max_path);
    }
}

void RequestFramer::parse_header(std::string_view line) {
    if (header_bytes_ > limits_.max_header_bytes || request_.headers.size() >= limits_.max_headers) {
        refuse_headers();
        return;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
        fail(400, "a header line is not NAME: VALUE (folded lines and space before the colon are not accepted)");
        return;
    }
    const auto value = trim(line.substr(colon + 1));
    if (!std::all_of(value.begin(), value.end(), is_value_char)) {
        fail(400, "a header value has a control character");
        return;
    }
    request_.headers.push_back({to_lower(line.substr(0, colon)), std::string(value)});
}

void RequestFramer::finish_head() {
    std::size_t lengths = 0;
    std::size_t hosts = 0;
    std::string_view length;
    bool transfer_encoding = false;
    bool close = false;
    bool keep = false;
    for (const auto& [name, value] : request_.headers) {
        if (name == "content-length") {
            ++lengths;
            length = value;
        } else if (name == "transfer-encoding") {
            transfer_encoding = true;
        } else if (name == "host") {
            ++hosts;
            request_.host = value;
        } else if (name == "connection") {
            close = close || has_list_member(value, "close");
            keep = keep || has_list_member(value, "keep-alive");
        } else if (name == "expect") {
            if (!equals_ignoring_case(value, "100-continue")) {
                fail(417, "the only expectation understood is 100-continue",
                     "Expect = " + api::shortened(value, kLongestValueShown), "Leave the header Expect out.");
                return;
            }
            request_.expects_continue = !request_.is_http10;
        }
    }
    request_.keep_alive = !close && (!request_.is_http10 || keep);
    // HTTP/1.0 may do without Host. Then nothing would tell a page that had its name rebound from a client of ours.
    const bool named = hosts == 1 || (request_.is_http10 && !target_host_.empty());
    if (hosts > 1 || !named) {
        fail(400, hosts > 1 ? "there is more than one Host header" : "the Host header is missing",
             "Host headers = " + std::to_string(hosts), "Send one Host header, for example \"Host: localhost\".");
        return;
    }
    if (hosts == 1 && request_.host.empty()) {
        fail(400, "the Host header is empty", {}, "Send one Host header, for example \"Host: localhost\".");
        return;
    }
    if (!target_host_.empty()) {
        request_.host = target_host_;
    }
    judge_framing(lengths, length, transfer_encoding);
}

/// Decides where the body ends. Everything on which two readers might differ is an error.
void RequestFramer::judge_framing(std::size_t lengths, std::string_view length, bool transfer_encoding) {
    if (lengths > 1 || (lengths == 1 && transfer_encoding)) {
        fail(400, "the length of the body is said more than once",
             "Content-Length headers = " + std::to_string(lengths) +
                 (transfer_encoding ? ", and Transfer-Encoding" : ""),
             "Send one Content-Length.");
        return;
    }
    if (transfer_encoding) {
        fail(411, "Transfer-Encoding is not taken", {}, "Send the body whole, with its Content-Length.");
        return;
    }
    if (lengths == 0) {
        request_.length_missing = takes_body(request_.method);
        phase_ = Phase::body;
        return;
    }
    if (length.empty() || !std::all_of(length.begin(), length.end(), is_digit)) {
        fail(400, "Content-Length is not a number", "Content-Length = " + api::shortened(length, kLongestValueShown),
             "Give the body's length in bytes.");
        return;
    }
    std::size_t value = 0;
    for (const char digit : length) {
        value = std::min(value * 10 + static_cast<std::size_t>(digit - '0'), limits_.max_body + 1);
    }
    if (value > limits_.max_body) {
        fail(413, "the body is longer than the limit of " + std::to_string(limits_.max_body) + " bytes",
             "Content-Length = " + api::shortened(length, kLongestValueShown), "Send less at a time.");
        return;
    }
    request_.content_length = value;
    phase_ = Phase::body;
}

void RequestFramer::refuse_headers() {
    fail(431,
         "the header lines are more than " + std::to_string(limits_.max_headers) + ", or longer than " +
             std::to_string(limits_.max_header_bytes) + " bytes together",
         {}, "Send fewer or shorter headers.");
}

void RequestFramer::refuse_target(std::string_view what, std::size_t limit) {
    fail(414, std::string(what) + " must not be longer than " + std::to_string(limit) + " bytes", {},
         "Send a shorter one.");
}

void RequestFramer::fail(int status, std::string detail, std::string values, std::string hint) {
    phase_ = Phase::failed;
    failure_ = {.status = status, .detail = std::move(detail), .values = std::move(values), .hint = std::move(hint)};
    buffer_.clear();
    buffer_.shrink_to_fit();
    start_ = 0;
    scanned_ = 0;
}

/// Gives back the bytes used up. Moves no more bytes than it gives back, so that the total stays linear.
void RequestFramer::compact() {
    if (start_ < buffer_.size() && start_ <= buffered()) {
        return;
    }
    buffer_.erase(0, start_);
    start_ = 0;
    if (buffer_.capacity() > kKeptCapacity && buffer_.size() <= kKeptCapacity) {
        buffer_.shrink_to_fit();
    }
}

}  // namespace moai::http
