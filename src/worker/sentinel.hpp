// How a worker sleeps without missing anything: it becomes the sentinel, and raises the flag for which publishers ring.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>

#include "base/backoff.hpp"
#include "base/event_loop.hpp"
#include "store/office.hpp"
#include "worker/wake_reason.hpp"

namespace moai::worker {

/// Of all workers of a database one is in office, the sentinel; the others wait for it. While the sentinel is awake
/// publishers are silent and it looks for work every few milliseconds; when it has found none for a while it falls
/// asleep, and from then on each publisher rings. Few rings do not wake it up for good: they are cheaper than looking.
/// Not thread-safe; everything happens on the loop's thread. The loop and the office must outlive it.
/// The protocol and why it loses nothing: docs/decisions/0008.
class Sentinel {
public:
    using SteadyTime = base::EventLoop::SteadyTime;

    struct Options {
        std::chrono::milliseconds patience{27'000};   ///< of one wait for a lock, which holds a snapshot on the server
        std::chrono::milliseconds linger{20};         ///< without work before it falls asleep
        std::chrono::milliseconds look_every{2};      ///< while awake
        std::chrono::milliseconds slowest_look{100};  ///< while it cannot fall asleep, the looks become this rare
        std::chrono::milliseconds saturation{50};     ///< without a free slot before it hands the office on
        std::size_t rings{8};                         ///< so many within the window wake it up for good
        std::chrono::milliseconds ring_window{40};
    };
    /// What it asks of the delivery loop. Each look is answered by looked().
    struct Loop {
        std::function<void(WakeReason reason)> look;
        /// Take what a claim of the office's session found, and answer by looked().
        std::function<void(store::Claim claim, WakeReason reason)> adopt;
    };

    Sentinel(base::EventLoop& loop, store::Office& office, Loop delivery_loop, Options options);
    ~Sentinel();
    Sentinel(const Sentinel&) = delete;
    Sentinel& operator=(const Sentinel&) = delete;

    /// The office's session is (again) up.
    void session_ready();
    /// It was lost, and with it office and flag.
    void session_lost();
    /// Can rings be heard? Nobody who cannot hear them may be in office.
    void listening(bool can_hear);
    /// A publisher rang.
    void rung();
    /// The delivery loop has looked, for whatever reason: did it find work?
    void looked(bool found);
    /// The delivery loop has no free slot (any more), or has one again.
    void saturated(bool full);
    /// Hands the office on and waits for it no more; calls `done` when nothing is left to say.
    void stop(std::function<void()> done);

    [[nodiscard]] bool asleep() const noexcept { return state_ == State::asleep; }

private:
    enum class State {
        away,            ///< no session, or one that may not be in office
        waiting,         ///< another worker is the sentinel
        awake,           ///< in office; publishers are silent
        falling_asleep,  ///< the flag is being raised: publishers ring already, some that were silent are waited for
        asleep,          ///< publishers ring
        changing,        ///< waking up, or leaving
    };

    void ask_for_office();
    void office_answered(store::Office::Answer answer, const pg::Error* error);
    void be_awake();
    void plan_next_look();
    void fall_asleep();
    void look_slowly();
    void sleep_answered(store::Office::Answer answer, const pg::Error* error);
    void wake_up();
    void hand_on();
    void leave(std::function<void()> then);
    void failed(const pg::Error& error);
    void look_in(std::chrono::microseconds delay, std::function<void()> look);

    base::EventLoop& loop_;
    store::Office& office_;
    Loop delivery_loop_;
    Options options_;

    State state_ = State::away;
    bool can_hear_ = false, stopping_ = false, full_ = false, handed_on_ = false;
    SteadyTime last_work_{};
    SteadyTime window_begin_{};
    std::size_t rings_ = 0;
    std::chrono::milliseconds slow_look_{0};
    base::Backoff error_backoff_;
    base::EventLoop::TimerId look_timer_ = 0, saturation_timer_ = 0, error_timer_ = 0;
};

}  // namespace moai::worker
