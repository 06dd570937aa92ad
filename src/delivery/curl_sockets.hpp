// The sockets of libcurl's connections, from their opening to their end: counted, and watched in the worker's loop.
// For the sources of this folder only: it includes curl.h, which no other folder may see.
#pragma once

#include <curl/curl.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <unordered_map>
#include <utility>

#include "base/event_loop.hpp"

namespace moai::delivery {

/// libcurl wants a connection's socket watched from a request to its answer, and not between two requests. Here it
/// stays watched until it ends or is closed: a busy connection so is spared two system calls for each request. Not
/// thread-safe: lives on its loop's thread, which must outlive it.
class CurlSockets {
public:
    struct Callbacks {
        std::function<void(curl_socket_t fd, int mask)> on_ready;  ///< `mask` is of CURL_CSELECT_*
        std::function<void(std::size_t count)> on_count = {};      ///< how many are open now
    };

    CurlSockets(base::EventLoop& loop, Callbacks callbacks) : loop_(loop), callbacks_(std::move(callbacks)) {}
    CurlSockets(const CurlSockets&) = delete;
    CurlSockets& operator=(const CurlSockets&) = delete;

    /// CURL_SOCKET_BAD, with errno, if there is none to be had.
    [[nodiscard]] curl_socket_t open(const curl_sockaddr& address);
    int close(curl_socket_t fd);
    /// What libcurl says to its CURLMOPT_SOCKETFUNCTION: `what` is of CURL_POLL_*.
    void want(curl_socket_t fd, int what);

private:
    struct Watched {
        std::uint32_t events;
        bool wanted;  ///< by libcurl; an idle connection is not, and stays watched
    };

    void ready(curl_socket_t fd, std::uint32_t events);
    void forget(curl_socket_t fd);
    void count(std::size_t now);

    base::EventLoop& loop_;
    const Callbacks callbacks_;
    std::unordered_map<curl_socket_t, Watched> watched_;
    std::size_t count_ = 0;
};

}  // namespace moai::delivery
