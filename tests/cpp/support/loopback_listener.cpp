// LoopbackListener on plain sockets.
#include "support/loopback_listener.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>

namespace moai::test {
namespace {

constexpr int kFillers = 8;

int checked(int result, const char* what) {
    if (result < 0) {
        throw std::system_error(errno, std::generic_category(), what);
    }
    return result;
}

base::UniqueFd new_socket() {
    return base::UniqueFd(checked(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket"));
}

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
}

}  // namespace

LoopbackListener::LoopbackListener() : fd_(new_socket()) {
    sockaddr_in address = loopback(0);
    checked(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind");
    socklen_t size = sizeof address;
    checked(::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
    port_ = ntohs(address.sin_port);
}

void LoopbackListener::listen() {
    fillers_.clear();
    checked(::listen(fd_.get(), SOMAXCONN), "listen");
}

void LoopbackListener::fill_queue() {
    // A queue of length 0 holds one connection, and no further one gets past its SYN.
    checked(::listen(fd_.get(), 0), "listen");
    const sockaddr_in address = loopback(port_);
    for (int i = 0; i < kFillers; ++i) {
        const base::UniqueFd& filler = fillers_.emplace_back(new_socket());
        if (::connect(filler.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0 &&
            errno != EINPROGRESS) {
            throw std::system_error(errno, std::generic_category(), "connect");
        }
    }
}

base::UniqueFd LoopbackListener::accept() const {
    // EAGAIN: all are taken. Any other error concerns one connection, or comes again.
    base::UniqueFd accepted(::accept4(fd_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (accepted) {
        const int on = 1;
        checked(::setsockopt(accepted.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
    }
    return accepted;
}

}  // namespace moai::test
