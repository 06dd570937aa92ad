// Whether a claim waits until more slots are free.
#pragma once

#include <chrono>
#include <optional>

namespace moai::worker {

/// With a backlog a claim is worth its statement only for a good part of the slots. It is put off for that while
/// requests end, and not for long: receivers that hang must not keep the free slots idle. Not thread-safe.
class SlotWait {
public:
    using SteadyTime = std::chrono::steady_clock::time_point;
    struct Options {
        std::chrono::milliseconds between_ends{5};  ///< it waits as long as requests end this close to each other,
        std::chrono::milliseconds longest{20};      ///< and no longer than this in all
    };
    explicit SlotWait(Options options) : options_(options) {}

    /// A request ended, or a claim came.
    void progressed(SteadyTime now) { last_progress_ = now; }
    /// The claim that there is reason for with fewer slots than it is worth: until when to put it off; unset: no more.
    [[nodiscard]] std::optional<SteadyTime> until(SteadyTime now);
    /// It was made.
    void ended() { since_.reset(); }

private:
    Options options_;
    SteadyTime last_progress_{};
    std::optional<SteadyTime> since_;
};

}  // namespace moai::worker
