#include "app/signals.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <vector>

namespace moai::app {
namespace {

sigset_t stop_set() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    // The terminal was closed. Who started moai by nohup wants it to go on then; blocking would undo that.
    struct sigaction hangup {};
    if (sigaction(SIGHUP, nullptr, &hangup) == 0 && hangup.sa_handler != SIG_IGN) {
        sigaddset(&set, SIGHUP);
    }
    return set;
}

[[noreturn]] void fail(int error, const char* what) { throw std::system_error(error, std::generic_category(), what); }

}  // namespace

StopSignals::StopSignals() {
    const sigset_t set = stop_set();
    if (const int error = pthread_sigmask(SIG_BLOCK, &set, nullptr); error != 0) {
        fail(error, "pthread_sigmask");
    }
    // A receiver or a database that closes its socket must end a write with EPIPE, not the process.
    if (std::signal(SIGPIPE, SIG_IGN) == SIG_ERR) {
        fail(errno, "signal(SIGPIPE)");
    }
    signal_fd_.reset(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signal_fd_) {
        fail(errno, "signalfd");
    }
}

void StopSignals::take() {
    signalfd_siginfo info{};
    if (::read(signal_fd_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) {
        fail(errno, "read(signalfd)");
    }
    last_ = info.ssi_signo == SIGTERM ? "SIGTERM" : info.ssi_signo == SIGHUP ? "SIGHUP" : "SIGINT";
}

StopSignals::Woken StopSignals::wait(std::optional<std::chrono::milliseconds> timeout,
                                     std::initializer_list<int> descriptors) {
    std::vector<pollfd> watched{{signal_fd_.get(), POLLIN, 0}};
    for (const int descriptor : descriptors) {
        watched.push_back({descriptor, POLLIN, 0});  // poll() skips a negative one
    }
    const auto start = std::chrono::steady_clock::now();
    for (;;) {
        int wait_ms = -1;
        if (timeout) {
            const auto left =
                *timeout - std::chrono::floor<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
            wait_ms = static_cast<int>(std::max<std::int64_t>(left.count(), 0));
        }
        const int ready = ::poll(watched.data(), watched.size(), wait_ms);
        if (ready == 0) {
            return Woken::timeout;
        }
        if (ready > 0 && watched.front().revents != 0) {
            take();
            return Woken::signal;
        }
        if (ready > 0) {
            return Woken::descriptor;
        }
        if (errno != EINTR) {
            fail(errno, "poll");
        }
    }
}

void StopSignals::let_through() {
    const sigset_t set = stop_set();
    if (const int error = pthread_sigmask(SIG_UNBLOCK, &set, nullptr); error != 0) {
        fail(error, "pthread_sigmask");
    }
}

std::uint64_t raise_open_file_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        fail(errno, "getrlimit");
    }
    if (limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
            fail(errno, "setrlimit");
        }
    }
    return limit.rlim_cur;
}

}  // namespace moai::app
