// When the queue's table is vacuumed: by what this worker has left behind in it, not by the clock.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/backoff.hpp"
#include "base/event_loop.hpp"
#include "metrics/registry.hpp"
#include "store/queue_upkeep.hpp"

namespace moai::worker {

/// Every claim and every result leaves a dead row. Counts them, and has the queue tended when there are many: once
/// `rows` are dead, but not before `pause` has passed, nor ten times as long as the last one took; whatever is left a
/// day later; and once at the start, for what is left of others. While nothing changes, nothing is asked of the
/// database. What is refused or fails is logged once, counted each time, and tried again after a while, as far as it is
/// needed then. Not thread-safe; lives on the loop's thread.
class Upkeep {
public:
    struct Options {
        std::uint64_t rows = 20'000;
        std::chrono::milliseconds pause = std::chrono::seconds(5);
        std::chrono::milliseconds interval = std::chrono::hours(24);
        std::chrono::milliseconds after_refusal = std::chrono::minutes(10);
        std::chrono::milliseconds first_retry = std::chrono::seconds(10), longest_retry = std::chrono::minutes(10);
    };

    Upkeep(base::EventLoop& loop, store::QueueUpkeep& store, metrics::Registry& metrics, Options options);
    ~Upkeep();
    Upkeep(const Upkeep&) = delete;
    Upkeep& operator=(const Upkeep&) = delete;

    /// The database can be reached: begins, the first time.
    void start();
    /// So many rows of the queue were claimed, rescheduled or removed.
    void rows_changed(std::uint64_t count);

private:
    using SteadyTime = base::EventLoop::SteadyTime;

    void run();
    void ended(SteadyTime begun, const store::UpkeepReport& report, const pg::Error* error);
    [[nodiscard]] std::chrono::microseconds judge(const store::UpkeepReport& report, const pg::Error* error);
    void plan();
    void tell_once(const std::string& what, const store::UpkeepReport& report);

    base::EventLoop& loop_;
    store::QueueUpkeep& store_;
    metrics::Registry& metrics_;
    const Options options_;
    base::Backoff backoff_;
    bool started_ = false, running_ = false;
    std::uint64_t changed_ = 0;  // since the last that was done
    std::uint64_t tending_ = 0;  // of these: before the one that runs
    SteadyTime not_before_{}, last_{};
    base::EventLoop::TimerId timer_ = 0;
    SteadyTime timer_at_{};
    std::string told_;  // why it fails: what was logged last
};

}  // namespace moai::worker
