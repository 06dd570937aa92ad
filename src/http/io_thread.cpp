// The reactor's callbacks. Sockets are watched edge-triggered; a connection that could not act asks for the event
// again.
#include "http/io_thread.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace moai::http {
namespace {

using Pistache::Polling::Mode;
using Pistache::Polling::NotifyOn;

constexpr std::size_t kScratchBytes = 64U << 10;
/// Connections over the limit that may at one time be told so; any further one is just closed.
constexpr std::size_t kTurnedAwayAtOnce = 128;
constexpr int kAcceptsPerTurn = 64;

base::UniqueFd checked(int fd, const char* what) {
    if (fd < 0) {
        throw std::system_error(errno, std::generic_category(), what);
    }
    return base::UniqueFd(fd);
}

std::string shown(const sockaddr_storage& address) {
    char host[INET6_ADDRSTRLEN] = "";
    if (address.ss_family == AF_INET6) {
        const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
        inet_ntop(AF_INET6, &v6.sin6_addr, host, sizeof host);
        return '[' + std::string(host) + "]:" + std::to_string(ntohs(v6.sin6_port));
    }
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    inet_ntop(AF_INET, &v4.sin_addr, host, sizeof host);
    return std::string(host) + ':' + std::to_string(ntohs(v4.sin_port));
}

/// Often enough that a limit is met within a quarter of itself, at most four times a second.
std::chrono::milliseconds tick_of(const ServerOptions& options) {
    const auto shortest = std::min({options.header_timeout, options.body_timeout, options.request_timeout,
                                    options.write_timeout, options.keepalive});
    return std::clamp(shortest / 4, std::chrono::milliseconds(10), std::chrono::milliseconds(250));
}

void empty(int fd) noexcept {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = ::read(fd, &count, sizeof count);
}

}  // namespace

int Wakeups::add() {
    const std::lock_guard lock(mutex_);
    fds_.push_back(checked(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd"));
    return fds_.back().get();
}

void Wakeups::wake_all() {
    const std::lock_guard lock(mutex_);
    for (const base::UniqueFd& fd : fds_) {
        eventfd_write(fd.get(), 1);
    }
}

IoThread::IoThread(ServerCore& core, Wakeups& wakeups, int listener)
    : core_(core), wakeups_(wakeups), listener_(listener) {}

IoThread::~IoThread() {
    for (const auto& [fd, connection] : connections_) {
        connection->close();
    }
}

std::shared_ptr<Pistache::Aio::Handler> IoThread::clone() const {
    return std::make_shared<IoThread>(core_, wakeups_, listener_);
}

void IoThread::registerPoller(Pistache::Polling::Epoll& poller) {
    wakeup_ = wakeups_.add();
    timer_ = checked(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC), "timerfd_create");
    scratch_.resize(kScratchBytes);
    for (const int fd : {wakeup_, timer_.get(), listener_}) {
        poller.addFd(fd, Pistache::Flags<NotifyOn>(NotifyOn::Read),
                     Pistache::Polling::Tag(static_cast<std::uint64_t>(fd)));
    }
}

void IoThread::onReady(const Pistache::Aio::FdSet& fds) {
    for (const auto& ready : fds) {
        const int fd = static_cast<int>(ready.getTag().value());
        try {
            dispatch(fd);
        } catch (const std::exception& error) {
            contain(fd, error);  // out of memory, say: it must cost this connection, not the process
        }
    }
}

void IoThread::dispatch(int fd) {
    if (fd == listener_) {
        accept_ready();
    } else if (fd == timer_.get()) {
        empty(fd);
        on_tick();
    } else if (fd == wakeup_) {
        empty(fd);
        on_wakeup();
    } else if (const auto found = connections_.find(fd);
               found != connections_.end() && !found->second->on_ready(scratch_)) {
        drop(fd);
    }
}

void IoThread::accept_ready() {
    for (int i = 0; i < kAcceptsPerTurn && accepting_; ++i) {
        sockaddr_storage address{};
        socklen_t size = sizeof address;
        base::UniqueFd socket(
            ::accept4(listener_, reinterpret_cast<sockaddr*>(&address), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (socket) {
            adopt(std::move(socket), shown(address));
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return;
        } else if (errno != EINTR && errno != ECONNABORTED) {
            pause_accepting();  // no descriptors or memory, or the listener is shut down; the tick looks again
        }
    }
}

void IoThread::adopt(base::UniqueFd socket, std::string remote_address) {
    const std::size_t open = core_.connections.value();
    if (open >= core_.max_connections + kTurnedAwayAtOnce) {
        return;
    }
    const int fd = socket.get();
    const int one = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    auto watch = [this, fd](bool want_write) {
        reactor()->modifyFd(key(), fd, want_write ? NotifyOn::Read | NotifyOn::Write : NotifyOn::Read, Mode::Edge);
    };
    const auto connection =
        std::make_shared<Connection>(core_, std::move(socket), std::move(remote_address), std::move(watch));
    connections_.insert_or_assign(fd, connection);
    reactor()->registerFd(key(), fd, NotifyOn::Read, Mode::Edge);
    run_timer(true);
    if (open >= core_.max_connections && !connection->turn_away()) {
        drop(fd);
    }
}

void IoThread::drop(int fd) {
    if (const auto found = connections_.find(fd); found != connections_.end()) {
        found->second->close();
        connections_.erase(found);
    }
}

void IoThread::pause_accepting() {
    reactor()->removeFd(key(), listener_);
    accepting_ = false;
    run_timer(true);
}

/// The server begins to stop.
void IoThread::on_wakeup() {
    if (!core_.draining) {
        return;
    }
    if (accepting_) {
        accept_ready();  // who has connected already is served; the connection ends with that answer
    }
    if (accepting_) {
        reactor()->removeFd(key(), listener_);
        accepting_ = false;
    }
    ::shutdown(listener_, SHUT_RDWR);  // from here on a connect is refused, not left waiting
    std::vector<int> over;
    for (const auto& [fd, connection] : connections_) {
        if (!connection->on_drain(scratch_)) {
            over.push_back(fd);
        }
    }
    std::for_each(over.begin(), over.end(), [this](int fd) { drop(fd); });
}

void IoThread::on_tick() {
    std::vector<int> over;
    const auto now = Connection::Clock::now();
    for (const auto& [fd, connection] : connections_) {
        if (!connection->on_tick(now)) {
            over.push_back(fd);
        }
    }
    std::for_each(over.begin(), over.end(), [this](int fd) { drop(fd); });
    if (!accepting_ && !core_.draining) {
        reactor()->registerFd(key(), listener_, NotifyOn::Read);
        accepting_ = true;
    }
    run_timer(!connections_.empty());
}

/// Ticks while there is anything to time; an idle server makes no system call.
void IoThread::run_timer(bool wanted) {
    if (wanted == timer_runs_) {
        return;
    }
    const auto tick = std::chrono::duration_cast<std::chrono::nanoseconds>(wanted ? tick_of(core_.options)
                                                                                  : std::chrono::milliseconds(0));
    const timespec interval{.tv_sec = 0, .tv_nsec = tick.count()};
    const itimerspec spec{.it_interval = interval, .it_value = interval};
    if (::timerfd_settime(timer_.get(), 0, &spec, nullptr) != 0) {
        throw std::system_error(errno, std::generic_category(), "timerfd_settime");
    }
    timer_runs_ = wanted;
}

void IoThread::contain(int fd, const std::exception& error) {
    core_.report({}, error.what());
    drop(fd);
}

}  // namespace moai::http
