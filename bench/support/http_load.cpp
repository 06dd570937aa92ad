#include "support/http_load.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/unique_fd.hpp"
#include "support/database.hpp"
#include "support/sink.hpp"

namespace moai::bench {
namespace {

constexpr std::int64_t kPatienceUs = 10'000'000;

int checked(int result, const char* what) {
    if (result < 0) {
        throw std::system_error(errno, std::generic_category(), what);
    }
    return result;
}

base::UniqueFd dial(int port) {
    base::UniqueFd fd(checked(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    checked(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), "connect");
    const int on = 1;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

/// The length of the answer at the front, 0 if it is not complete. moai always sends a Content-Length.
std::size_t answer_length(std::string_view input) {
    const auto head = input.find("\r\n\r\n");
    if (head == std::string_view::npos) {
        return 0;
    }
    std::size_t body = 0;
    constexpr std::string_view kLength = "Content-Length: ";
    if (const auto at = input.substr(0, head).find(kLength); at != std::string_view::npos) {
        std::from_chars(input.data() + at + kLength.size(), input.data() + head, body);
    }
    return input.size() >= head + 4 + body ? head + 4 + body : 0;
}

class Generator {
public:
    explicit Generator(const HttpLoad& load)
        : load_(load),
          epoll_(checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
          timer_(checked(::timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC), "timerfd_create")),
          clients_(static_cast<std::size_t>(load.connections)) {
        for (std::size_t i = 0; i < clients_.size(); ++i) {
            connect(i);
        }
        watch(timer_.get(), clients_.size());
    }

    HttpLoadResult run() {
        begin_us_ = now_us();
        end_us_ = begin_us_ + static_cast<std::int64_t>(load_.seconds * 1e6);
        last_us_ = begin_us_;
        std::array<epoll_event, 128> events{};
        while (true) {
            send_what_is_due();
            const auto now = now_us();
            if (now >= end_us_ && (waiting_ == 0 || now > end_us_ + kPatienceUs)) {
                break;
            }
            const int ready = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 20);
            for (int i = 0; i < ready; ++i) {
                const auto index = static_cast<std::size_t>(events.at(static_cast<std::size_t>(i)).data.u64);
                if (index < clients_.size()) {
                    read_answer(index);
                } else {
                    std::uint64_t expirations = 0;
                    static_cast<void>(::read(timer_.get(), &expirations, sizeof expirations));
                }
            }
        }
        result_.refused += static_cast<std::uint64_t>(waiting_);
        result_.seconds = static_cast<double>(last_us_ - begin_us_) / 1e6;
        std::sort(result_.answer_us.begin(), result_.answer_us.end());
        return std::move(result_);
    }

private:
    struct Client {
        base::UniqueFd fd;
        std::string input;
        std::int64_t asked_us = 0;  // 0: free
    };

    void watch(int fd, std::size_t index) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = index;
        checked(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
    }

    void connect(std::size_t index) {
        auto& client = clients_[index];
        client.fd = dial(load_.port);
        client.input.clear();
        client.asked_us = 0;
        watch(client.fd.get(), index);
        free_.push_back(index);
    }

    [[nodiscard]] std::int64_t due_us() const {
        return load_.rate == 0 ? now_us()
                               : begin_us_ + static_cast<std::int64_t>(1e6 * static_cast<double>(sent_) / load_.rate);
    }

    void send_what_is_due() {
        while (!free_.empty()) {
            const auto due = due_us();
            if (due >= end_us_) {
                return;
            }
            if (due > now_us()) {
                itimerspec at{};
                at.it_value.tv_sec = due / 1'000'000;
                at.it_value.tv_nsec = due % 1'000'000 * 1000;
                checked(::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &at, nullptr), "timerfd_settime");
                return;
            }
            const auto index = free_.back();
            free_.pop_back();
            ask(index, due);
        }
    }

    void ask(std::size_t index, std::int64_t due) {
        auto& client = clients_[index];
        std::string request = "GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
        if (load_.first_seq != 0) {
            const auto body = fmt::format(R"({{"type":"bench","payload":{}}})", payload(load_.first_seq + sent_, due));
            request = fmt::format(
                "POST /events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n{}Content-Length: "
                "{}\r\n\r\n{}",
                load_.idempotency_key.empty() ? "" : "Idempotency-Key: " + load_.idempotency_key + "\r\n", body.size(),
                body);
        }
        ++sent_;
        ++waiting_;
        client.asked_us = due;
        if (::send(client.fd.get(), request.data(), request.size(), MSG_NOSIGNAL) !=
            static_cast<ssize_t>(request.size())) {
            fail(index);
        }
    }

    void fail(std::size_t index) {
        if (clients_[index].asked_us != 0) {
            ++result_.refused;
            --waiting_;
        } else {
            free_.erase(std::remove(free_.begin(), free_.end(), index), free_.end());
        }
        connect(index);
    }

    void read_answer(std::size_t index) {
        auto& client = clients_[index];
        std::array<char, 16384> buffer{};
        const auto length = ::recv(client.fd.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (length <= 0) {
            if (length == 0 || errno != EAGAIN) {
                fail(index);
            }
            return;
        }
        client.input.append(buffer.data(), static_cast<std::size_t>(length));
        const auto size = answer_length(client.input);
        if (size == 0) {
            return;
        }
        last_us_ = now_us();
        if (client.input.starts_with("HTTP/1.1 " + load_.expected)) {
            ++result_.accepted;
            result_.answer_us.push_back(last_us_ - client.asked_us);
        } else {
            ++result_.refused;
        }
        client.input.erase(0, size);
        client.asked_us = 0;
        --waiting_;
        free_.push_back(index);
    }

    const HttpLoad load_;
    base::UniqueFd epoll_, timer_;
    std::vector<Client> clients_;
    std::vector<std::size_t> free_;
    std::int64_t sent_ = 0, begin_us_ = 0, end_us_ = 0, last_us_ = 0;
    int waiting_ = 0;
    HttpLoadResult result_;
};

}  // namespace

HttpLoadResult run_http_load(const HttpLoad& load) { return Generator(load).run(); }

std::string get(int port, const std::string& path) {
    const auto fd = dial(port);
    const auto request = "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
    if (::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) <= 0) {
        throw std::system_error(errno, std::generic_category(), "send");
    }
    std::string answer;
    std::array<char, 16'384> part{};
    for (ssize_t size = 0; (size = ::recv(fd.get(), part.data(), part.size(), 0)) > 0;) {
        answer.append(part.data(), static_cast<std::size_t>(size));
    }
    if (!answer.starts_with("HTTP/1.1 200")) {
        throw std::runtime_error("GET " + path + " was answered " + answer.substr(0, answer.find('\r')));
    }
    return answer;
}

bool answers(int port, const std::string& path) {
    try {
        return !get(port, path).empty();
    } catch (const std::runtime_error&) {
        return false;  // nobody listens yet, or it is not ready
    }
}

}  // namespace moai::bench
