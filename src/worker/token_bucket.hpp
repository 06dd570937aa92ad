// How many requests a rate limit allows now, and when it allows the next.
#pragma once

#include <chrono>

namespace moai::worker {

/// A token bucket: `rate` tokens a second, at most one second's worth of them (at least one) saved up, full at first.
/// So over any time t no more than max(1, rate) + rate * t are taken. A value; not thread-safe. Times must not go back.
class TokenBucket {
public:
    using SteadyTime = std::chrono::steady_clock::time_point;

    /// REQUIRES: rate > 0.
    TokenBucket(double rate, SteadyTime now);

    /// Tokens saved up are kept, as far as the new rate saves as many.
    void set_rate(double rate, SteadyTime now);
    [[nodiscard]] double rate() const noexcept { return rate_; }

    /// Tokens that there will be at `when`, whole and parts, if none is taken.
    [[nodiscard]] double tokens_at(SteadyTime when) const noexcept;
    [[nodiscard]] bool has_token(SteadyTime now) const noexcept { return tokens_at(now) >= 1; }
    [[nodiscard]] bool is_full(SteadyTime now) const noexcept { return tokens_at(now) >= burst(); }
    /// When has_token() is true, not before `now`.
    [[nodiscard]] SteadyTime next_token_at(SteadyTime now) const noexcept;
    /// REQUIRES: has_token(now).
    void take(SteadyTime now) noexcept;

private:
    [[nodiscard]] double burst() const noexcept { return rate_ > 1 ? rate_ : 1; }

    double rate_, tokens_;
    SteadyTime counted_at_;
};

}  // namespace moai::worker
