// Transfer: every option of an easy handle is set here and nowhere else.
#include "delivery/transfer.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <stdexcept>
#include <string_view>

#include "delivery/outcome.hpp"
#include "delivery/retry_after.hpp"

namespace moai::delivery {
namespace {

using std::chrono::microseconds;
using worker::ErrorClass;
using Clock = std::chrono::steady_clock;

// Longer than any request may take, so that a pinned address cannot lapse between the first try and libcurl's repeat.
constexpr long kPinnedForSeconds = 300;
// Responses are read for their first kilobytes only: small buffers are what thousands in flight cost.
constexpr long kReceiveBuffer = 4096;

template <typename Value>
void set(CURL* easy, CURLoption option, Value value) {
    const CURLcode code = curl_easy_setopt(easy, option, value);
    if (code != CURLE_OK) {
        throw std::runtime_error(
            fmt::format("curl_easy_setopt({}): {}", static_cast<int>(option), curl_easy_strerror(code)));
    }
}

void append(HeaderList& list, const std::string& line) {
    curl_slist* longer = curl_slist_append(list.get(), line.c_str());
    if (longer == nullptr) {
        throw std::bad_alloc();
    }
    (void)list.release();
    list.reset(longer);
}

bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return (c >= 'a' && c <= 'z') || c == '-' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
               std::string_view("!#$%&'*+.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
    });
}

/// `name` with its colon, in lower case.
bool has_name(std::string_view line, std::string_view name) {
    return line.size() >= name.size() && std::equal(name.begin(), name.end(), line.begin(), [](char a, char b) {
               return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b + ('a' - 'A')) : b);
           });
}

}  // namespace

EasyHandle Transfer::new_easy(const CurlTransportOptions& options, CurlSockets& sockets) {
    EasyHandle easy(curl_easy_init());
    if (!easy) {
        throw std::bad_alloc();
    }
    CURL* const handle = easy.get();
    set(handle, CURLOPT_NOSIGNAL, 1L);
    set(handle, CURLOPT_QUICK_EXIT, 1L);
    set(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    set(handle, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    set(handle, CURLOPT_FOLLOWLOCATION, 0L);
    set(handle, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    set(handle, CURLOPT_PATH_AS_IS, 1L);
    set(handle, CURLOPT_PROXY, "");
    set(handle, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
    set(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set(handle, CURLOPT_SSL_VERIFYPEER, 1L);
    set(handle, CURLOPT_SSL_VERIFYHOST, 2L);
    if (!options.ca_file.empty()) {
        set(handle, CURLOPT_CAINFO, options.ca_file.c_str());
        set(handle, CURLOPT_CAPATH, nullptr);
    }
    set(handle, CURLOPT_DNS_CACHE_TIMEOUT, kPinnedForSeconds);
    set(handle, CURLOPT_MAXAGE_CONN, static_cast<long>(options.most_idle.count()));
    set(handle, CURLOPT_MAXLIFETIME_CONN, static_cast<long>(options.most_age.count()));
    set(handle, CURLOPT_POST, 1L);
    set(handle, CURLOPT_BUFFERSIZE, kReceiveBuffer);
    set(handle, CURLOPT_OPENSOCKETFUNCTION, &Transfer::on_open_socket);
    set(handle, CURLOPT_PREREQFUNCTION, &Transfer::on_connected);
    set(handle, CURLOPT_CLOSESOCKETFUNCTION, &Transfer::on_close_socket);
    set(handle, CURLOPT_CLOSESOCKETDATA, static_cast<void*>(&sockets));
    set(handle, CURLOPT_WRITEFUNCTION, &Transfer::on_body);
    set(handle, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
    return easy;
}

Transfer::Transfer(worker::OutgoingRequest request, const UrlCheck& url, worker::Transport::Done done,
                   const CurlTransportOptions& options, CurlSockets& sockets)
    : request_(std::move(request)),
      done_(std::move(done)),
      options_(options),
      sockets_(sockets),
      started_at_(Clock::now()) {
    if (!url.target) {
        fault_ = url.reason;
        return;
    }
    target_ = *url.target;
    check_headers();
    if (request_.timeout.count() <= 0 || request_.connect_timeout.count() <= 0) {
        fault_ = "the timeouts must be above zero";
    }
}

void Transfer::check_headers() {
    for (const std::string& line : request_.header_lines) {
        const bool is_clean = line.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos;
        const auto name = std::string_view(line).substr(0, line.find(':'));
        if (!is_clean || !is_token(name) || line.find(':') == std::string::npos) {
            fault_ = fmt::format("the header \"{}\" cannot be sent",
                                 printable(std::string(name)));  // its value may be a secret
        }
    }
}

void Transfer::build_header_list() {
    bool has_content_type = false;
    for (const std::string& line : request_.header_lines) {
        has_content_type = has_content_type || has_name(line, "content-type:");
        const auto colon = line.find(':');
        // "name:" would take a header away; "name;" sends it empty.
        const bool is_empty = line.find_first_not_of(" \t", colon + 1) == std::string::npos;
        append(headers_, is_empty ? line.substr(0, colon) + ";" : line);
    }
    if (!has_content_type) {
        append(headers_, "Content-Type:");
    }
    // Otherwise bodies above 1 MiB wait a second for a "100 Continue" that few receivers send.
    append(headers_, "Expect:");
}

void Transfer::prepare(EasyHandle easy, const std::vector<std::string>& addresses) {
    easy_ = std::move(easy);
    CURL* const handle = easy_.get();
    build_header_list();
    if (!addresses.empty()) {
        append(pinned_, fmt::format("+{}:{}:{}", target_.host, target_.port, fmt::join(addresses, ",")));
    }
    look_up_time_ = std::chrono::duration_cast<microseconds>(Clock::now() - started_at_);

    set(handle, CURLOPT_PRIVATE, static_cast<void*>(this));
    set(handle, CURLOPT_ERRORBUFFER, error_text_.data());
    set(handle, CURLOPT_URL, target_.url.c_str());
    set(handle, CURLOPT_RESOLVE, pinned_.get());
    set(handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request_.connect_timeout.count()));
    // It bounds receivers that drip as well: a limit for slowness (CURLOPT_LOW_SPEED_*) would only end some sooner.
    set(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(request_.timeout.count()));
    set(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    set(handle, CURLOPT_POSTFIELDS, request_.body.c_str());
    if (request_.method != "POST") {
        set(handle, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
    }
    set(handle, CURLOPT_HTTPHEADER, headers_.get());
    set(handle, CURLOPT_OPENSOCKETDATA, static_cast<void*>(this));
    set(handle, CURLOPT_PREREQDATA, static_cast<void*>(this));
    set(handle, CURLOPT_WRITEDATA, static_cast<void*>(this));
    set(handle, CURLOPT_HEADERDATA, static_cast<void*>(this));
}

EasyHandle Transfer::release_easy() noexcept {
    CURL* const handle = easy_.get();
    for (const auto option :
         {CURLOPT_PRIVATE, CURLOPT_ERRORBUFFER, CURLOPT_RESOLVE, CURLOPT_POSTFIELDS, CURLOPT_CUSTOMREQUEST,
          CURLOPT_HTTPHEADER, CURLOPT_OPENSOCKETDATA, CURLOPT_PREREQDATA, CURLOPT_WRITEDATA, CURLOPT_HEADERDATA}) {
        // It cannot fail: no copy is made of a null.
        static_cast<void>(curl_easy_setopt(handle, option, nullptr));
    }
    return std::move(easy_);
}

std::size_t Transfer::on_body(char* data, std::size_t size, std::size_t count, void* self) noexcept {
    Transfer& transfer = *static_cast<Transfer*>(self);
    const std::size_t bytes = size * count;
    transfer.body_bytes_ += bytes;
    const std::size_t room = transfer.options_.response_kept - transfer.body_.size();
    transfer.body_.append(data, std::min(room, bytes));
    transfer.stopped_reading_ = transfer.body_bytes_ > transfer.options_.response_read;
    return transfer.stopped_reading_ ? 0 : bytes;
}

std::size_t Transfer::on_header(char* data, std::size_t size, std::size_t count, void* self) noexcept {
    Transfer& transfer = *static_cast<Transfer*>(self);
    const std::size_t bytes = size * count;
    transfer.header_bytes_ += bytes;
    transfer.read_header(std::string_view(data, bytes));
    return transfer.header_bytes_ > transfer.options_.response_headers ? 0 : bytes;
}

void Transfer::read_header(std::string_view line) {
    if (line.starts_with("HTTP/")) {
        // An interim answer may have come before.
        head_complete_ = false;
        has_length_ = false;
        retry_after_.reset();
        response_headers_.clear();
        headers_cut_ = false;
    } else {
        keep_header(line);
    }
    has_length_ = has_length_ || has_name(line, "content-length:") || has_name(line, "transfer-encoding:");
    head_complete_ = head_complete_ || line == "\r\n" || line == "\n";
    if (constexpr std::string_view kName = "retry-after:"; has_name(line, kName)) {
        retry_after_ = retry_after(line.substr(kName.size()), std::time(nullptr));
    }
}

void Transfer::keep_header(std::string_view line) {
    const auto last = line.find_last_not_of(" \t\r\n");
    if (headers_cut_ || last == std::string_view::npos) {
        return;
    }
    line = line.substr(0, last + 1);
    const std::string_view between = response_headers_.empty() ? "" : "\n";
    headers_cut_ = response_headers_.size() + between.size() + line.size() > options_.response_kept;
    if (!headers_cut_) {
        response_headers_.append(between).append(line);
    }
}

/// Notes why not. What is no address at all is refused too.
bool Transfer::may_go_to(const std::optional<base::IpAddress>& address, int port) {
    std::string refusal = address ? options_.egress.refusal(target_.host, *address, static_cast<std::uint16_t>(port))
                                  : "refused by the egress policy: neither IPv4 nor IPv6";
    if (refusal.empty()) {
        return true;
    }
    if (refusal_.empty()) {
        refusal_ = std::move(refusal);
    }
    return false;
}

/// Called for every address that libcurl tries, after the look-up and before the connect.
curl_socket_t Transfer::on_open_socket(void* self, curlsocktype /*purpose*/, curl_sockaddr* address) noexcept {
    Transfer& transfer = *static_cast<Transfer*>(self);
    if (!transfer.may_go_to(base::IpAddress::of(address->addr), transfer.target_.port)) {
        return CURL_SOCKET_BAD;
    }
    transfer.was_tried_ = true;
    transfer.tried_ipv4_ = address->family == AF_INET;
    const curl_socket_t fd = transfer.sockets_.open(*address);
    // An address family that this machine lacks is a fault of the address: libcurl goes on to the next one.
    if (fd == CURL_SOCKET_BAD && errno != EAFNOSUPPORT) {
        transfer.local_errno_ = errno;
    }
    return fd;
}

/// Called before each request, when its connection is up: a re-used one was made for another, and by an older policy
/// if it is ever changed.
int Transfer::on_connected(void* self, char* peer, char* /*own*/, int peer_port, int /*own_port*/) noexcept {
    Transfer& transfer = *static_cast<Transfer*>(self);
    transfer.was_tried_ = transfer.may_go_to(base::IpAddress::parse(peer), peer_port);
    return transfer.was_tried_ ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

/// Called when its connection ends, long after the transfer that opened it.
int Transfer::on_close_socket(void* sockets, curl_socket_t fd) noexcept {
    return static_cast<CurlSockets*>(sockets)->close(fd);
}

long long Transfer::info(CURLINFO which) const {
    curl_off_t value = 0;
    return curl_easy_getinfo(easy_.get(), which, &value) == CURLE_OK ? static_cast<long long>(value) : 0;
}

/// Why this machine could not even begin to connect; 0 if it could.
int Transfer::lack_of_ours(CURLcode code) const {
    long error_number = 0;
    if (local_errno_ != 0 || code != CURLE_COULDNT_CONNECT ||
        curl_easy_getinfo(easy_.get(), CURLINFO_OS_ERRNO, &error_number) != CURLE_OK ||
        !is_own_lack(static_cast<int>(error_number), tried_ipv4_)) {
        return local_errno_;
    }
    return static_cast<int>(error_number);
}

void Transfer::read_timings(worker::TransferResult& result) const {
    result.dns = look_up_time_;
    // libcurl's times run from the start of the transfer, ours from the end of the phase before; 0 = not reached.
    const auto sent = info(CURLINFO_PRETRANSFER_TIME_T);
    const auto connected = info(CURLINFO_CONNECT_TIME_T);
    const auto secured = info(CURLINFO_APPCONNECT_TIME_T);
    if (sent > 0 || connected > 0) {
        result.connect = microseconds(connected);
    }
    if (target_.tls && (sent > 0 || secured > 0)) {
        result.tls = microseconds(std::max(0LL, secured - connected));
    }
    const auto answered = info(CURLINFO_STARTTRANSFER_TIME_T);
    if (answered > 0) {
        result.first_byte = microseconds(std::max(0LL, answered - std::max(connected, secured)));
    }
}

worker::TransferResult Transfer::result(CURLcode code) {
    worker::TransferResult result;
    result.started_at = started_at_;
    result.total = std::chrono::duration_cast<microseconds>(Clock::now() - started_at_);
    read_timings(result);
    result.response_headers = std::move(response_headers_);
    result.response_body = std::move(body_);
    result.response_bytes = body_bytes_;

    TransferFacts facts;
    facts.refusal = was_tried_ ? "" : refusal_;
    facts.curl_code = code;
    facts.curl_message = error_text_.data();
    facts.connected = info(CURLINFO_PRETRANSFER_TIME_T) > 0;
    facts.stopped_reading = stopped_reading_;
    facts.headers_too_large = header_bytes_ > options_.response_headers;
    facts.head_complete = head_complete_;
    facts.ends_with_connection = head_complete_ && !has_length_;
    facts.local_errno = lack_of_ours(code);
    facts.timeout = request_.timeout;
    facts.connect_timeout = request_.connect_timeout;
    long status = 0;
    char* text = nullptr;
    if (curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status) == CURLE_OK && status > 0) {
        facts.http_status = static_cast<int>(status);
    }
    if (facts.http_status == 429 || facts.http_status == 503) {
        facts.retry_after = retry_after_;
    }
    if (curl_easy_getinfo(easy_.get(), CURLINFO_REDIRECT_URL, &text) == CURLE_OK && text != nullptr) {
        facts.redirect_url = text;
    }
    long port = 0;
    if (facts.connected && curl_easy_getinfo(easy_.get(), CURLINFO_PRIMARY_IP, &text) == CURLE_OK && text != nullptr &&
        curl_easy_getinfo(easy_.get(), CURLINFO_PRIMARY_PORT, &port) == CURLE_OK) {
        const bool is_v6 = std::string_view(text).find(':') != std::string_view::npos;
        result.remote_address = is_v6 ? fmt::format("[{}]:{}", text, port) : fmt::format("{}:{}", text, port);
    }
    result.http_status = facts.http_status;
    result.retry_after = facts.retry_after;
    Outcome outcome = classify(facts);
    result.error_class = outcome.error_class;
    result.error_detail = std::move(outcome.detail);
    result.never_sent = outcome.never_sent;
    return result;
}

worker::TransferResult Transfer::unsent(ErrorClass error_class, std::string detail) const {
    worker::TransferResult result;
    result.error_class = error_class;
    result.error_detail = std::move(detail);
    result.started_at = started_at_;
    result.total = std::chrono::duration_cast<microseconds>(Clock::now() - started_at_);
    return result;
}

}  // namespace moai::delivery
