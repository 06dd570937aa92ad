// EventLoop on epoll: one timerfd armed at the earliest timer, one eventfd for post() and stop().
#include "base/event_loop.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <deque>
#include <iterator>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "base/unique_fd.hpp"

namespace moai::base {
namespace {

constexpr std::size_t kEventsPerWait = 256;
// Watches count their generations from 1, so these two can never be a watch.
constexpr std::uint64_t kTimerTag = 0;
constexpr std::uint64_t kWakeTag = 1;

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

int checked(int result, const char* what) {
    if (result < 0) {
        fail(what);
    }
    return result;
}

std::uint64_t tag_of(int fd, std::uint32_t generation) {
    return (static_cast<std::uint64_t>(generation) << 32U) | static_cast<std::uint32_t>(fd);
}

itimerspec absolute(EventLoop::SteadyTime when) {
    using std::chrono::duration_cast;
    using std::chrono::nanoseconds;
    using std::chrono::seconds;
    // Zero would disarm the timer; any moment in the past fires it at once.
    const auto since_boot = std::max(duration_cast<nanoseconds>(when.time_since_epoch()), nanoseconds(1));
    const auto whole = duration_cast<seconds>(since_boot);
    itimerspec spec{};
    spec.it_value.tv_sec = whole.count();
    spec.it_value.tv_nsec = (since_boot - whole).count();
    return spec;
}

}  // namespace

struct EventLoop::Impl {
    struct Watch {
        std::uint32_t generation = 0;
        std::uint32_t events = 0;
        // Shared, so that a callback which unwatches its own fd does not destroy itself while it runs.
        std::shared_ptr<IoCallback> callback;
    };

    std::uint32_t next_generation() noexcept {
        // Never 0, also after it wraps: the loop's own tags live there.
        last_generation = last_generation == UINT32_MAX ? 1 : last_generation + 1;
        return last_generation;
    }

    UniqueFd epoll{checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")};
    UniqueFd timer{checked(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC), "timerfd_create")};
    UniqueFd wake{checked(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd")};

    std::unordered_map<int, Watch> watches;
    std::uint32_t last_generation = 0;

    std::map<std::pair<SteadyTime, TimerId>, Callback> timers;
    std::unordered_map<TimerId, SteadyTime> timer_times;
    TimerId last_timer = 0;
    std::optional<SteadyTime> armed_at;
    bool timer_expired = false;

    std::mutex posted_mutex;
    std::deque<Callback> posted;  // guarded by posted_mutex
    std::deque<Callback> taken;   // being run; survives a stop() in the middle

    std::atomic<bool> stop_asked{false};
    std::atomic<std::uint64_t> wakeups{0};

    Impl() {
        add_own(timer.get(), kTimerTag);
        add_own(wake.get(), kWakeTag);
    }

    void add_own(int fd, std::uint64_t tag) const {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = tag;
        checked(::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event), "epoll_ctl(add)");
    }

    void set(int fd, const Watch& watch, int operation) const {
        epoll_event event{};
        event.events = watch.events;
        event.data.u64 = tag_of(fd, watch.generation);
        if (::epoll_ctl(epoll.get(), operation, fd, &event) == 0) {
            return;
        }
        // Closed without unwatch() and the number given out again: the kernel has forgotten the old file.
        if (operation == EPOLL_CTL_MOD && errno == ENOENT && ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event) == 0) {
            return;
        }
        fail("epoll_ctl");
    }

    void ring() const noexcept {
        const int saved_errno = errno;
        const std::uint64_t one = 1;
        // It can only fail when the counter is full, and then the loop wakes anyway.
        [[maybe_unused]] const auto written = ::write(wake.get(), &one, sizeof one);
        errno = saved_errno;
    }

    void arm_timer() {
        std::optional<SteadyTime> earliest;
        if (!timers.empty()) {
            earliest = timers.begin()->first.first;
        }
        if (earliest == armed_at && !timer_expired) {
            return;
        }
        const itimerspec spec = earliest ? absolute(*earliest) : itimerspec{};
        // Setting it also takes back an expiry that was not read.
        checked(::timerfd_settime(timer.get(), TFD_TIMER_ABSTIME, &spec, nullptr), "timerfd_settime");
        armed_at = earliest;
        timer_expired = false;
    }

    void run_timers() {
        const SteadyTime now = std::chrono::steady_clock::now();
        const TimerId last_before = last_timer;
        // A timer set by a callback waits for the next round, however early its time: descriptors get their turn.
        auto next = timers.begin();
        while (next != timers.end() && next->first.first <= now && !stop_asked) {
            if (next->first.second > last_before) {
                ++next;
                continue;
            }
            const auto key = next->first;
            const Callback callback = std::move(next->second);
            timers.erase(next);
            timer_times.erase(key.second);
            callback();
            next = timers.upper_bound(key);
        }
    }

    void run_posted() {
        {
            const std::lock_guard lock(posted_mutex);
            std::move(posted.begin(), posted.end(), std::back_inserter(taken));
            posted.clear();
        }
        while (!taken.empty() && !stop_asked) {
            const Callback callback = std::move(taken.front());
            taken.pop_front();
            callback();
        }
    }

    void run_ready(std::uint64_t tag, std::uint32_t events) {
        const auto found = watches.find(static_cast<int>(tag & 0xffffffffU));
        // Unwatched, or the number re-used, by an earlier callback of the same batch.
        if (found == watches.end() || found->second.generation != tag >> 32U) {
            return;
        }
        const auto callback = found->second.callback;
        (*callback)(events);
    }

    void dispatch(const epoll_event& event) {
        if (event.data.u64 == kTimerTag) {
            timer_expired = true;
            run_timers();
        } else if (event.data.u64 == kWakeTag) {
            std::uint64_t count = 0;
            [[maybe_unused]] const auto got = ::read(wake.get(), &count, sizeof count);
            run_posted();
        } else {
            run_ready(event.data.u64, event.events);
        }
    }
};

EventLoop::EventLoop() : impl_(std::make_unique<Impl>()) {}
EventLoop::~EventLoop() = default;

void EventLoop::watch(int fd, std::uint32_t epoll_events, IoCallback callback) {
    const bool known = impl_->watches.contains(fd);
    Impl::Watch watch{impl_->next_generation(), epoll_events, std::make_shared<IoCallback>(std::move(callback))};
    impl_->set(fd, watch, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD);
    impl_->watches[fd] = std::move(watch);
}

void EventLoop::rewatch(int fd, std::uint32_t epoll_events) {
    const auto found = impl_->watches.find(fd);
    if (found == impl_->watches.end()) {
        throw std::logic_error("EventLoop::rewatch: the descriptor is not watched");
    }
    found->second.events = epoll_events;
    impl_->set(fd, found->second, EPOLL_CTL_MOD);
}

void EventLoop::unwatch(int fd) {
    if (impl_->watches.erase(fd) == 0) {
        return;
    }
    // The kernel has forgotten it already if it was closed first.
    if (::epoll_ctl(impl_->epoll.get(), EPOLL_CTL_DEL, fd, nullptr) < 0 && errno != ENOENT && errno != EBADF) {
        fail("epoll_ctl(delete)");
    }
}

EventLoop::TimerId EventLoop::at(SteadyTime when, Callback callback) {
    const TimerId id = ++impl_->last_timer;
    impl_->timers.emplace(std::pair(when, id), std::move(callback));
    impl_->timer_times.emplace(id, when);
    return id;
}

void EventLoop::cancel(TimerId id) {
    const auto found = impl_->timer_times.find(id);
    if (found != impl_->timer_times.end()) {
        impl_->timers.erase({found->second, id});
        impl_->timer_times.erase(found);
    }
}

void EventLoop::post(Callback callback) {
    bool first = false;
    {
        const std::lock_guard lock(impl_->posted_mutex);
        first = impl_->posted.empty();
        impl_->posted.push_back(std::move(callback));
    }
    if (first) {
        impl_->ring();
    }
}

void EventLoop::stop() noexcept {
    impl_->stop_asked = true;
    impl_->ring();
}

void EventLoop::run() {
    // A run() that was left in the middle may have taken calls without having made them.
    if (!impl_->taken.empty()) {
        impl_->run_posted();
    }
    std::array<epoll_event, kEventsPerWait> events;
    while (!impl_->stop_asked.exchange(false)) {
        impl_->arm_timer();
        const int count = ::epoll_wait(impl_->epoll.get(), events.data(), static_cast<int>(events.size()), -1);
        impl_->wakeups.fetch_add(1, std::memory_order_relaxed);
        if (count < 0 && errno != EINTR) {
            fail("epoll_wait");
        }
        for (int i = 0; i < count && !impl_->stop_asked; ++i) {
            impl_->dispatch(events.at(static_cast<std::size_t>(i)));
        }
    }
}

std::uint64_t EventLoop::wakeups() const noexcept { return impl_->wakeups.load(std::memory_order_relaxed); }

}  // namespace moai::base
