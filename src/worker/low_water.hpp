// From which due time on a claim looks, where looking at everything takes too long.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/event_loop.hpp"

namespace moai::worker {

/// The index entries of deliveries that have ended stay as long as some transaction is open that was there before they
/// ended, and a claim of everything that is due reads past all of them: 0.2 µs each, 350 ms after ten minutes at 1000
/// events a second (bench/run old-transaction). Claims that became that dear begin where the last one left off, and
/// look at everything, a sweep, now and then only: publishers that commit late, with an earlier due time, are found by
/// that. Not thread-safe.
class LowWater {
public:
    using SteadyTime = base::EventLoop::SteadyTime;

    struct Options {
        std::chrono::milliseconds dear{10};        ///< a sweep that takes longer, and
        std::chrono::microseconds dear_each{100};  ///< this for each row that it moves, is not made each time
        /// How far before the end of the last claim the next one begins: a publisher may commit as much later than it
        /// published without having to wait for a sweep.
        std::chrono::milliseconds margin{1'000};
        int rest{49};  ///< sweeps take one part in `rest` + 1 of the time
        std::chrono::milliseconds longest_rest{30'000};
    };

    explicit LowWater(Options options) : options_(options) {}

    /// Where the next claim begins (Look::since_us).
    [[nodiscard]] std::optional<std::int64_t> since_us(SteadyTime now) const;
    /// Where the search for the next due time begins that goes with something else than a claim.
    [[nodiscard]] std::optional<std::int64_t> mark_us() const noexcept { return dear_ ? mark_us_ : std::nullopt; }
    /// A claim that was given `since_us` and sent at `sent_at` is answered: it moved `rows`, and left nothing that is
    /// due before `left_off_us`, by the database's clock.
    void claimed(std::optional<std::int64_t> since_us, std::int64_t left_off_us, std::size_t rows, SteadyTime sent_at,
                 SteadyTime now);
    /// It was cancelled, because it took longer than any statement may: the next one must not be like it.
    void cancelled(std::optional<std::int64_t> since_us, SteadyTime now);
    /// Nothing of it holds any more: another server, perhaps, with another clock.
    void forget();
    /// When a claim must look at everything, because others since the last sweep did not; unset: none has to.
    [[nodiscard]] std::optional<SteadyTime> sweep_owed() const noexcept {
        return owed_ ? std::optional(next_sweep_) : std::nullopt;
    }

private:
    Options options_;
    std::optional<std::int64_t> mark_us_;  // by the database's clock
    bool dear_ = false, owed_ = false;
    SteadyTime next_sweep_{};
    std::optional<SteadyTime::duration> last_sweep_took_;
};

}  // namespace moai::worker
