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

/// Of all workers of a database one is in office, the sentinel; the idle ones among the others wait for it. While the
/// sentinel is awake publishers are silent and it looks for work every few milliseconds; when it has found none for a
/// while it falls asleep, and from then on each publisher rings. Few rings do not wake it up for good: they are cheaper
/// than looking. Not thread-safe; everything happens on the loop's thread. The loop and the office must outlive it.
/// The protocol and why it loses nothing: docs/decisions/0008.
class Sentinel {
public:
    using SteadyTime = base::EventLoop::SteadyTime;

    struct Options {
        std::chrono::milliseconds patience{30'000};  ///< of one wait for the office
        std::chrono::milliseconds sleep_patience{
            1'000};                            ///< of one wait for open publishers, while which the others ring
        std::chrono::milliseconds linger{20};  ///< without work before it falls asleep
        std::chrono::milliseconds longest_linger{320};  ///< it doubles up to this while sleep after sleep is short
        std::chrono::milliseconds short_sleep{1'000};
        std::chrono::milliseconds look_every{2};      ///< while awake
        std::chrono::milliseconds slowest_look{100};  ///< while it cannot fall asleep, the looks become this rare
        std::chrono::milliseconds saturation{50};     ///< without a free slot before it hands the office on
        std::chrono::milliseconds overload{50};       ///< with more due than it takes before it calls for help
        std::chrono::milliseconds help_every{1'000};
        std::chrono::milliseconds look_deadline{1'000};  ///< a look that takes longer is none: the office goes on
        std::chrono::milliseconds uncovered{1'000};      ///< between looks while it can neither be in office nor wait
        std::chrono::milliseconds unanswered{1'000};     ///< after a ring another worker looks in the sentinel's place
        std::size_t rings{4};                            ///< so many within the window wake it up for good
        std::chrono::milliseconds ring_window{20};
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
    /// The sentinel, whoever it is, cannot carry all that is due.
    void called_for_help();
    /// The delivery loop has looked, for whatever reason: did it find work, and is there more than it asked for?
    void looked(bool found, bool more);
    /// The delivery loop has no free slot (any more), or has one again.
    void saturated(bool full);
    /// Hands the office on and waits for it no more; calls `done` when nothing is left to say.
    void stop(std::function<void()> done);

    /// Is this worker the sentinel, for all it knows? Then nobody need tell it of its own leases.
    [[nodiscard]] bool in_office() const noexcept;
    [[nodiscard]] bool asleep() const noexcept { return state_ == State::asleep; }
    /// Another worker is the sentinel; the end of this wait is a look, whoever gets the office and whether it is
    /// answered or not.
    [[nodiscard]] bool waits() const noexcept { return state_ == State::waiting; }
    /// It is awake and has room: another look comes within milliseconds, and one more before it sleeps.
    [[nodiscard]] bool looks_again() const noexcept { return state_ == State::awake && !full_; }

private:
    enum class State {
        away,            ///< not in office and not waiting for it
        waiting,         ///< another worker is the sentinel
        awake,           ///< in office; publishers are silent
        falling_asleep,  ///< the flag is being raised: publishers ring already, some that were silent are waited for
        asleep,          ///< publishers ring
        changing,        ///< waking up, or leaving
    };

    [[nodiscard]] bool idle() const;
    void ask_for_office();
    void office_answered(store::Office::Answer answer, const pg::Error* error);
    void settle();
    void be_awake();
    void plan_next_look();
    void fall_asleep();
    void ask_for_sleep();
    void look_slowly();
    void sleep_answered(bool asleep, const pg::Error* error);
    void look(WakeReason reason);
    void cover();
    void expect_answer();
    void wake_up();
    void call_for_help();
    void plan_to_hand_on();
    void leave();
    void failed(const pg::Error& error);
    void again_at(base::EventLoop::TimerId& timer, SteadyTime when, std::function<void()> what);

    base::EventLoop& loop_;
    store::Office& office_;
    Loop delivery_loop_;
    Options options_;

    State state_ = State::away;
    bool can_hear_ = false, stopping_ = false, full_ = false;
    bool stuck_ = false;    // the last look was not answered in time
    bool refused_ = false;  // the office is another's, for all we know
    SteadyTime last_work_{};
    SteadyTime asleep_since_{};
    std::chrono::milliseconds linger_;
    SteadyTime overload_since_{};  // zero: the last look took all that was due
    SteadyTime last_call_{};
    SteadyTime window_begin_{};
    std::size_t rings_ = 0;
    std::chrono::milliseconds slow_look_{0};
    base::Backoff error_backoff_;
    std::function<void()> stopped_;
    base::EventLoop::TimerId ask_timer_ = 0, look_timer_ = 0, deadline_timer_ = 0, deputy_timer_ = 0, cover_timer_ = 0,
                             wait_timer_ = 0, saturation_timer_ = 0, error_timer_ = 0;
};

}  // namespace moai::worker
