// SO_REUSEADDR lets a restart take the port back while old connections are in TIME_WAIT.
#include "http/listen_socket.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>

#include "http/server.hpp"
#include "http/token.hpp"

namespace moai::http {
namespace {

std::string shown(const ListenAddress& address) {
    return address.host.find(':') == std::string::npos ? address.host + ':' + address.port
                                                       : '[' + address.host + "]:" + address.port;
}

}  // namespace

ListenAddress parse_listen_address(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) {
        throw ListenError("listen address \"" + std::string(text) + "\" is not host:port");
    }
    std::string_view host = text.substr(0, colon);
    const std::string_view port = text.substr(colon + 1);
    const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
    if (bracketed) {
        host = host.substr(1, host.size() - 2);
    }
    if (host.empty() || (!bracketed && host.find(':') != std::string_view::npos)) {
        throw ListenError("listen address \"" + std::string(text) + "\" has no host, or an IPv6 address without [ ]");
    }
    const bool digits = !port.empty() && port.size() <= 5 && std::all_of(port.begin(), port.end(), is_digit);
    if (!digits || std::stoul(std::string(port)) > 65'535) {
        throw ListenError("listen address \"" + std::string(text) + "\" has no port from 0 to 65535");
    }
    return {std::string(host), std::string(port)};
}

base::UniqueFd open_listen_socket(const ListenAddress& address) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    if (const int error = getaddrinfo(address.host.c_str(), address.port.c_str(), &hints, &found); error != 0) {
        throw ListenError("cannot listen on " + shown(address) + ": " + gai_strerror(error));
    }
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
    int reason = 0;
    for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
        base::UniqueFd fd(::socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, at->ai_protocol));
        const int one = 1;
        if (fd && ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 &&
            ::bind(fd.get(), at->ai_addr, at->ai_addrlen) == 0 && ::listen(fd.get(), SOMAXCONN) == 0) {
            return fd;
        }
        reason = errno;
    }
    throw ListenError("cannot listen on " + shown(address) + ": " + std::generic_category().message(reason));
}

std::uint16_t bound_port(int fd) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        throw std::system_error(errno, std::generic_category(), "getsockname");
    }
    return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                                               : reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

}  // namespace moai::http
