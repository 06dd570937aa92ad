#include "worker/wake_timer.hpp"

#include <utility>

namespace moai::worker {

using std::chrono::steady_clock;

WakeTimer::WakeTimer(base::EventLoop& loop, std::chrono::milliseconds safety_interval, Wake wake)
    : loop_(loop), safety_interval_(safety_interval), wake_(std::move(wake)), last_look_(steady_clock::now()) {
    arm_safety_look(last_look_ + safety_interval_);
}

WakeTimer::~WakeTimer() {
    loop_.cancel(next_due_timer_);
    loop_.cancel(safety_timer_);
}

void WakeTimer::set_next_due(std::optional<std::chrono::microseconds> due_in, base::EventLoop::SteadyTime since) {
    loop_.cancel(std::exchange(next_due_timer_, 0));
    next_due_.reset();
    if (due_in) {
        arm_next_due(since + *due_in);
    }
}

void WakeTimer::bring_forward(std::optional<std::chrono::microseconds> due_in, base::EventLoop::SteadyTime since) {
    if (due_in && (!next_due_ || since + *due_in < *next_due_)) {
        set_next_due(due_in, since);
    }
}

void WakeTimer::looked() { last_look_ = steady_clock::now(); }

void WakeTimer::arm_next_due(base::EventLoop::SteadyTime when) {
    next_due_ = when;
    next_due_timer_ = loop_.at(when, [this] {
        next_due_timer_ = 0;
        next_due_.reset();
        wake_(WakeReason::timer);
    });
}

void WakeTimer::arm_safety_look(base::EventLoop::SteadyTime when) {
    safety_timer_ = loop_.at(when, [this] {
        const auto due = last_look_ + safety_interval_;
        const auto now = steady_clock::now();
        if (now < due) {
            arm_safety_look(due);
            return;
        }
        arm_safety_look(now + safety_interval_);
        wake_(WakeReason::safety_look);
    });
}

}  // namespace moai::worker
