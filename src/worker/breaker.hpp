// The circuit breaker of one endpoint: stops requests to one that does nothing but fail, and tries it now and then.
#pragma once

#include <chrono>
#include <cstdint>

namespace moai::worker {

/// Closed until `threshold` faults have come in a row. Then open: no request, for `first_open`, which doubles each time
/// that it opens again, to `longest_open`, each lengthened by up to a tenth. Then half-open: one request, the probe. If
/// it succeeds the breaker closes, but for the next `recovered_after` successes `relapse_threshold` faults in a row
/// open it again. Results of requests that were sent before it last opened or closed say nothing about now and are not
/// counted. An endpoint that asks to be left alone is, however few its faults; that counts as an opening only from
/// `threshold` such answers in a row on. A value; not thread-safe; the clock is passed in.
class Breaker {
public:
    using SteadyTime = std::chrono::steady_clock::time_point;

    struct Options {
        int threshold = 20, relapse_threshold = 3, recovered_after = 20;
        std::chrono::milliseconds first_open{5'000}, longest_open{300'000};
    };
    enum class State { closed, open, half_open };
    /// What a result changed: did it close, or open, for the first time or again?
    enum class Change { none, opened, closed };
    /// Goes with a request and comes back with its result.
    using Generation = std::uint64_t;

    explicit Breaker(Options options) : options_(options) {}

    [[nodiscard]] State state(SteadyTime now) const noexcept;
    [[nodiscard]] bool admits(SteadyTime now) const noexcept;
    /// While open: when the probe may be sent.
    [[nodiscard]] SteadyTime probe_at() const noexcept { return probe_at_; }
    [[nodiscard]] int consecutive_faults() const noexcept { return consecutive_faults_; }
    [[nodiscard]] int times_opened() const noexcept { return times_opened_; }
    /// As good as new: closed, and nothing is remembered against the endpoint.
    [[nodiscard]] bool is_spotless() const noexcept;

    /// A request is being sent. REQUIRES: admits().
    Generation sent(SteadyTime now) noexcept;
    /// It was answered.
    Change succeeded(Generation sent_in) noexcept;
    /// It failed, and that was the endpoint's fault. `share`, 0 to 1, is how much of the jitter this opening takes. If
    /// it asked for no request before `not_before`, it gets none, however few its faults are.
    Change failed(Generation sent_in, SteadyTime now, double share, SteadyTime not_before = {}) noexcept;
    /// It says nothing about the endpoint: a probe must be repeated.
    void was_void(Generation sent_in, SteadyTime now) noexcept;

    /// As it was before a restart: open until `probe_at`.
    void restore(SteadyTime probe_at, int consecutive_faults, int times_opened) noexcept;
    /// Another endpoint stands in its place. Did that close it?
    Change reset() noexcept;

private:
    void open_until(SteadyTime probe_at) noexcept;
    [[nodiscard]] std::chrono::nanoseconds next_opening(double share) const noexcept;

    Options options_;
    bool open_ = false, probing_ = false;
    SteadyTime probe_at_{};
    int consecutive_faults_ = 0;
    int times_opened_ = 0;      // without having recovered
    int successes_needed_ = 0;  // until it has recovered
    Generation generation_ = 0;
};

}  // namespace moai::worker
