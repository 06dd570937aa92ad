#include "support/sink.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>

namespace moai::bench {

namespace {

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
constexpr std::string_view kUnavailable = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";

template <typename Number>
Number number_after(std::string_view text, std::string_view key, Number otherwise) {
    const auto at = text.find(key);
    Number value = otherwise;
    if (at != std::string_view::npos) {
        auto from = at + key.size();
        while (from < text.size() && text[from] == ' ') {
            ++from;
        }
        std::from_chars(text.data() + from, text.data() + text.size(), value);
    }
    return value;
}

bool wait_until(const std::atomic<std::uint64_t>& counter, std::uint64_t wanted,
                std::chrono::steady_clock::time_point deadline) {
    while (counter < wanted) {
        if (std::chrono::steady_clock::now() > deadline) {
            return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

int checked(int result, const char* what) {
    if (result < 0) {
        throw std::system_error(errno, std::generic_category(), what);
    }
    return result;
}

}  // namespace

struct Sink::Peer {
    base::UniqueFd fd;
    std::string input;
    std::int64_t first_byte_us = 0;
};

std::int64_t now_us() {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

Sink::Sink(Rule rule)
    : listener_(checked(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket")),
      epoll_(checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      stop_(checked(::eventfd(0, EFD_CLOEXEC), "eventfd")),
      rule_(std::move(rule)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    checked(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind");
    checked(::listen(listener_.get(), 4096), "listen");
    socklen_t length = sizeof address;
    checked(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &length), "getsockname");
    port_ = ntohs(address.sin_port);
    for (const int fd : {listener_.get(), stop_.get()}) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = fd;
        checked(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
    }
    thread_ = std::thread([this] { serve(); });
}

Sink::~Sink() {
    ::eventfd_write(stop_.get(), 1);
    thread_.join();
}

std::string Sink::url(int endpoint) const {
    return "http://127.0.0.1:" + std::to_string(port_) + "/" + std::to_string(endpoint);
}

bool Sink::wait_for(std::uint64_t requests, std::chrono::steady_clock::time_point deadline) const {
    return wait_until(requests_, requests, deadline);
}

bool Sink::wait_for_timed(std::uint64_t requests, std::chrono::steady_clock::time_point deadline) const {
    return wait_until(timed_, requests, deadline);
}

std::vector<Sink::Arrival> Sink::arrivals() const {
    const std::lock_guard lock(mutex_);
    return arrivals_;
}

std::chrono::duration<double> Sink::span() const {
    const std::lock_guard lock(mutex_);
    return last_ - first_;
}

void Sink::set_rule(Rule rule) {
    const std::lock_guard lock(mutex_);
    rule_ = std::move(rule);
}

void Sink::reset() {
    const std::lock_guard lock(mutex_);
    arrivals_.clear();
    requests_ = 0;
    timed_ = 0;
}

void Sink::serve() {
    std::unordered_map<int, Peer> peers;
    std::array<epoll_event, 256> events{};
    while (true) {
        const int ready = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
        for (int i = 0; i < ready; ++i) {
            const int fd = events.at(static_cast<std::size_t>(i)).data.fd;
            if (fd == stop_.get()) {
                return;
            }
            if (fd != listener_.get()) {
                if (!read_from(peers[fd])) {
                    peers.erase(fd);
                }
                continue;
            }
            for (int accepted = 0; (accepted = ::accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
                const int on = 1;
                ::setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                peers[accepted].fd.reset(accepted);
                epoll_event event{};
                event.events = EPOLLIN;
                event.data.fd = accepted;
                checked(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, accepted, &event), "epoll_ctl");
            }
        }
    }
}

bool Sink::read_from(Peer& peer) {
    std::array<char, 65536> buffer{};
    const auto length = ::recv(peer.fd.get(), buffer.data(), buffer.size(), 0);
    if (length <= 0) {
        return length < 0 && errno == EAGAIN;
    }
    if (peer.input.empty()) {
        peer.first_byte_us = now_us();
    }
    peer.input.append(buffer.data(), static_cast<std::size_t>(length));
    while (true) {
        const std::string_view input = peer.input;
        const auto head = input.find("\r\n\r\n");
        if (head == std::string_view::npos) {
            return true;
        }
        const auto size = head + 4 + number_after<std::size_t>(input.substr(0, head), "Content-Length:", 0);
        if (input.size() < size) {
            return true;
        }
        const auto answer = note(input.substr(0, size), head, peer.first_byte_us);
        peer.input.erase(0, size);
        const auto text = answer == Answer::ok ? kOk : kUnavailable;
        if (answer != Answer::none && ::send(peer.fd.get(), text.data(), text.size(), MSG_NOSIGNAL) < 0) {
            return false;
        }
    }
}

Sink::Answer Sink::note(std::string_view request, std::size_t head, std::int64_t first_byte_us) {
    const auto body = request.substr(head);
    const Arrival arrival{first_byte_us, number_after<std::int64_t>(body, "\"sent_at_us\":", 0),
                          number_after<std::int64_t>(body, "\"seq\":", 0), number_after<int>(request, " /", 0)};
    const std::lock_guard lock(mutex_);
    last_ = std::chrono::steady_clock::now();
    if (arrivals_.empty()) {
        first_ = last_;
    }
    arrivals_.push_back(arrival);
    const auto answer = rule_ ? rule_(arrival) : Answer::ok;
    timed_ += arrival.sent_at_us != 0 ? 1 : 0;
    ++requests_;
    return answer;
}

}  // namespace moai::bench
