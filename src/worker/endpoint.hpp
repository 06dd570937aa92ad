// What a worker knows of one endpoint: how many requests it may have in flight, how fast, and whether it answers at
// all.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "worker/breaker.hpp"
#include "worker/token_bucket.hpp"
#include "worker/transport.hpp"

namespace moai::worker {

/// What its subscription allows; unset: no limit of its own.
struct EndpointLimits {
    std::optional<int> max_in_flight;
    std::optional<double> rate_limit;  ///< a second
    bool operator==(const EndpointLimits&) const = default;
};

/// How a request ended, as far as it tells of its endpoint.
enum class Verdict {
    alive,     ///< it answered, be it with a refusal of this one message
    overload,  ///< it was too slow, or said that it is too much
    fault,     ///< it failed
    nothing,   ///< our own fault, or our policy's
};
[[nodiscard]] Verdict verdict_of(const TransferResult& transfer) noexcept;

/// The whole of it.
struct Ending {
    Verdict verdict = Verdict::nothing;
    std::chrono::seconds retry_after{0};  ///< for so long it wants no request
};
[[nodiscard]] Ending ending_of(const TransferResult& transfer) noexcept;

/// The window of requests in flight starts at `first_window` and grows by one with each answer of a request during
/// which it was full, so it doubles each round trip while it is needed, up to its cap; overload halves it, once for all
/// requests of one round trip. After the breaker has closed the window starts at one: 1, 2, 4, ... . A value; not
/// thread-safe; the clock is passed in.
class Endpoint {
public:
    using SteadyTime = std::chrono::steady_clock::time_point;

    struct Options {
        int first_window = 16;
        int cap = 256;  ///< of the window, unless the limits say less or more
        int greatest_cap = 512;
        std::chrono::milliseconds horizon{100};  ///< headroom() counts what will be sent in that time
        Breaker::Options breaker;
    };
    /// Goes with a request and comes back with its result.
    struct Ticket {
        Breaker::Generation generation = 0;
        std::uint64_t cuts = 0, fills = 0;
    };

    Endpoint(const EndpointLimits& limits, const Options& options, SteadyTime now);

    void set_limits(const EndpointLimits& limits, SteadyTime now);
    [[nodiscard]] const EndpointLimits& limits() const noexcept { return limits_; }

    [[nodiscard]] bool may_send(SteadyTime now) const noexcept;
    /// REQUIRES: may_send(now).
    Ticket sent(SteadyTime now) noexcept;
    /// `share`, 0 to 1, is random: how much of its jitter the breaker takes.
    Breaker::Change finished(Ticket ticket, Ending ending, SteadyTime now, double share) noexcept;
    /// What was learned of it is forgotten. Did that close the breaker?
    Breaker::Change renew() noexcept;

    /// How many requests more, beside `waiting` ones, it could be given and be rid of within the horizon. At least 0.
    [[nodiscard]] int headroom(SteadyTime now, int waiting) const noexcept;
    /// When may_send() turns true by time alone; unset: it is true, or only the end of a request can make it so.
    [[nodiscard]] std::optional<SteadyTime> next_at(SteadyTime now) const noexcept;
    /// Nothing would be lost by forgetting it.
    [[nodiscard]] bool is_forgettable(SteadyTime now) const noexcept;

    [[nodiscard]] int in_flight() const noexcept { return in_flight_; }
    [[nodiscard]] int window() const noexcept { return window_; }
    [[nodiscard]] const Breaker& breaker() const noexcept { return breaker_; }
    [[nodiscard]] Breaker& breaker() noexcept { return breaker_; }

private:
    [[nodiscard]] int cap() const noexcept;
    [[nodiscard]] int recently_ended(SteadyTime now) const noexcept;
    void count_end(SteadyTime now) noexcept;

    Options options_;
    EndpointLimits limits_;
    std::optional<TokenBucket> bucket_;
    Breaker breaker_;
    int window_;
    int in_flight_ = 0;
    std::uint64_t cuts_ = 0;   // times that the window was halved
    std::uint64_t fills_ = 0;  // times that it was filled
    // Requests that ended in the current stretch of one horizon, and in the one before.
    SteadyTime stretch_begin_{};
    int ended_ = 0, ended_before_ = 0;
};

}  // namespace moai::worker
