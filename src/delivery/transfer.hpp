// One request on one libcurl easy handle: its configuration, its limits, its result.
// For the sources of this folder only: it includes curl.h, which no other folder may see.
#pragma once

#include <curl/curl.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/event_loop.hpp"
#include "delivery/curl_sockets.hpp"
#include "delivery/curl_transport.hpp"
#include "delivery/url_policy.hpp"
#include "worker/transport.hpp"

namespace moai::delivery {

struct EasyDeleter {
    void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
};
using EasyHandle = std::unique_ptr<CURL, EasyDeleter>;

struct ListDeleter {
    void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, ListDeleter>;

/// A request from send() to its result. Not thread-safe; stays where it is, because libcurl points into it.
class Transfer {
public:
    /// `url` is what check_url() says of the request's.
    Transfer(worker::OutgoingRequest request, const UrlCheck& url, worker::Transport::Done done,
             const CurlTransportOptions& options, CurlSockets& sockets);
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;

    /// Why this request cannot be sent at all; empty if it can.
    [[nodiscard]] const std::string& fault() const noexcept { return fault_; }
    [[nodiscard]] const Target& target() const noexcept { return target_; }
    [[nodiscard]] const worker::OutgoingRequest& request() const noexcept { return request_; }

    /// A new handle, with everything that is the same for all requests; `sockets` must outlive its connections. Throws
    /// std::runtime_error if libcurl refuses an option.
    [[nodiscard]] static EasyHandle new_easy(const CurlTransportOptions& options, CurlSockets& sockets);
    /// Configures `easy`, made by new_easy(), for this request, which is to connect to one of `addresses` (none for a
    /// literal). Throws std::runtime_error if libcurl refuses an option. Once only.
    void prepare(EasyHandle easy, const std::vector<std::string>& addresses);
    [[nodiscard]] CURL* easy() const noexcept { return easy_.get(); }
    /// Gives the handle back; nothing in it points here any more.
    [[nodiscard]] EasyHandle release_easy() noexcept;

    /// The result once libcurl has ended the transfer with `code`.
    [[nodiscard]] worker::TransferResult result(CURLcode code);
    /// The result of a request that never came to libcurl.
    [[nodiscard]] worker::TransferResult unsent(worker::ErrorClass error_class, std::string detail) const;
    [[nodiscard]] worker::Transport::Done& done() noexcept { return done_; }

    base::EventLoop::TimerId timer = 0;  ///< of the transport: an answer that waits for the loop's next round

private:
    static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self) noexcept;
    static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self) noexcept;
    static curl_socket_t on_open_socket(void* self, curlsocktype purpose, curl_sockaddr* address) noexcept;
    static int on_close_socket(void* sockets, curl_socket_t fd) noexcept;
    static int on_connected(void* self, char* peer, char* own, int peer_port, int own_port) noexcept;

    void check_headers();
    void build_header_list();
    void read_header(std::string_view line);
    void keep_header(std::string_view line);
    [[nodiscard]] bool may_go_to(const std::optional<base::IpAddress>& address, int port);
    [[nodiscard]] int lack_of_ours(CURLcode code) const;
    void read_timings(worker::TransferResult& result) const;
    [[nodiscard]] long long info(CURLINFO which) const;

    worker::OutgoingRequest request_;
    worker::Transport::Done done_;
    const CurlTransportOptions& options_;
    CurlSockets& sockets_;
    std::string fault_;
    Target target_;

    HeaderList headers_, pinned_;
    std::array<char, CURL_ERROR_SIZE> error_text_{};
    base::EventLoop::SteadyTime started_at_;
    std::chrono::microseconds look_up_time_{0};
    std::string response_headers_, body_;
    std::uint64_t body_bytes_ = 0;
    std::uint64_t header_bytes_ = 0;
    std::string refusal_;     ///< by the egress policy, of the first address that it refused
    bool was_tried_ = false;  ///< another address
    int local_errno_ = 0;
    bool tried_ipv4_ = false;
    bool stopped_reading_ = false;
    bool headers_cut_ = false;    ///< response_headers_ has room for no more
    bool head_complete_ = false;  ///< of the answer that is being read
    bool has_length_ = false;     ///< its body's end is announced, by a length or by chunks
    std::optional<std::chrono::seconds> retry_after_;

    EasyHandle easy_;  ///< last, so that it goes before what it points to
};

}  // namespace moai::delivery
