// The one epoll loop of a worker: descriptors, timers and calls posted from other threads.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

namespace moai::base {

/// Runs callbacks for ready descriptors and elapsed timers on the thread that calls run().
/// Not thread-safe except post() and stop(), which any thread (post(), stop()) may call.
/// A callback may add, change and remove any watch or timer, its own included. An exception that leaves a callback
/// leaves run().
class EventLoop {
public:
    using SteadyTime = std::chrono::steady_clock::time_point;
    using IoCallback = std::function<void(std::uint32_t epoll_events)>;
    using Callback = std::function<void()>;

    /// Names a timer; 0 names none.
    using TimerId = std::uint64_t;

    EventLoop();
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    /// Watches `fd` (level-triggered) for `epoll_events` (EPOLLIN | EPOLLOUT ...). An fd watched already is changed.
    void watch(int fd, std::uint32_t epoll_events, IoCallback callback);
    /// Changes the events of a watched fd and keeps its callback.
    void rewatch(int fd, std::uint32_t epoll_events);
    /// Forgets the fd (before it is closed). An fd that is not watched is ignored.
    void unwatch(int fd);

    /// Calls `callback` once, at or after `when`, never before it. Resolution: microseconds (timerfd, CLOCK_MONOTONIC).
    [[nodiscard]] TimerId at(SteadyTime when, Callback callback);
    /// Cancels a timer that has not fired; an id that has fired, or 0, is ignored.
    void cancel(TimerId id);

    /// Runs `callback` on the loop's thread as soon as it can. Safe from any thread.
    void post(Callback callback);
    /// Makes run() return after the callback that is running now. Safe from any thread and from a signal handler.
    void stop() noexcept;

    /// Serves until stop(). Blocks in one epoll_wait; an idle loop makes no system call at all.
    void run();

    /// How often epoll_wait has returned: the idle test counts it.
    [[nodiscard]] std::uint64_t wakeups() const noexcept;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace moai::base
