#include "delivery/curl_sockets.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace moai::delivery {

curl_socket_t CurlSockets::open(const curl_sockaddr& address) {
    const int fd = ::socket(address.family, address.socktype | SOCK_CLOEXEC, address.protocol);
    if (fd < 0) {
        return CURL_SOCKET_BAD;
    }
    count(count_ + 1);
    return fd;
}

/// With the number the kernel forgets the watch, and gives the number to the next socket: so must we.
int CurlSockets::close(curl_socket_t fd) {
    forget(fd);
    count(count_ - 1);
    return ::close(fd);
}

void CurlSockets::want(curl_socket_t fd, int what) {
    const auto known = watched_.find(fd);
    if (what == CURL_POLL_REMOVE) {
        // The next request on this connection will want it again, at once as a rule.
        if (known != watched_.end()) {
            known->second.wanted = false;
        }
        return;
    }
    const std::uint32_t events =
        ((what & CURL_POLL_IN) != 0 ? EPOLLIN : 0U) | ((what & CURL_POLL_OUT) != 0 ? EPOLLOUT : 0U);
    if (known == watched_.end()) {
        loop_.watch(fd, events, [this, fd](std::uint32_t came) { ready(fd, came); });
        watched_.emplace(fd, Watched{events, true});
        return;
    }
    if (known->second.events != events) {
        loop_.rewatch(fd, events);
    }
    known->second = {events, true};
}

void CurlSockets::ready(curl_socket_t fd, std::uint32_t events) {
    if (!watched_.at(fd).wanted) {
        forget(fd);  // an idle connection ends; libcurl sees that when it would use it
        return;
    }
    callbacks_.on_ready(fd, ((events & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) |
                                ((events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                                ((events & (EPOLLERR | EPOLLHUP)) != 0 ? CURL_CSELECT_ERR : 0));
}

void CurlSockets::forget(curl_socket_t fd) {
    if (watched_.erase(fd) != 0) {
        loop_.unwatch(fd);
    }
}

void CurlSockets::count(std::size_t now) {
    count_ = now;
    if (callbacks_.on_count) {
        callbacks_.on_count(now);
    }
}

}  // namespace moai::delivery
