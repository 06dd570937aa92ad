// When a sleeping worker looks for work by itself: at the next due time, exactly, and after the safety interval.
#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "base/event_loop.hpp"
#include "worker/wake_reason.hpp"

namespace moai::worker {

/// Two timers on the loop. Not thread-safe; callbacks come on the loop's thread.
/// An idle worker makes no call for the next due time when there is none, and one safety look per interval.
class WakeTimer {
public:
    using Wake = std::function<void(WakeReason)>;

    WakeTimer(base::EventLoop& loop, std::chrono::milliseconds safety_interval, Wake wake);
    ~WakeTimer();
    WakeTimer(const WakeTimer&) = delete;
    WakeTimer& operator=(const WakeTimer&) = delete;

    /// The earliest due time in the queue is `due_in` after `since` (unset: the queue is empty). Replaces what was
    /// known.
    void set_next_due(std::optional<std::chrono::microseconds> due_in, base::EventLoop::SteadyTime since);
    /// The same, but an earlier time that is known already stays: for news that may be older than what is known.
    void bring_forward(std::optional<std::chrono::microseconds> due_in, base::EventLoop::SteadyTime since);
    /// The queue is being looked at now: the safety interval starts anew.
    void looked();

private:
    void arm_next_due(base::EventLoop::SteadyTime when);
    void arm_safety_look(base::EventLoop::SteadyTime when);

    base::EventLoop& loop_;
    std::chrono::milliseconds safety_interval_;
    Wake wake_;
    base::EventLoop::TimerId next_due_timer_ = 0, safety_timer_ = 0;
    std::optional<base::EventLoop::SteadyTime> next_due_;
    base::EventLoop::SteadyTime last_look_;
};

}  // namespace moai::worker
