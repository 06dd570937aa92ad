#include "worker/token_bucket.hpp"

#include <algorithm>
#include <cmath>

namespace moai::worker {

using std::chrono::nanoseconds;

TokenBucket::TokenBucket(double rate, SteadyTime now) : rate_(rate), tokens_(burst()), counted_at_(now) {}

void TokenBucket::set_rate(double rate, SteadyTime now) {
    tokens_ = tokens_at(now);
    counted_at_ = now;
    rate_ = rate;
    tokens_ = std::min(tokens_, burst());
}

double TokenBucket::tokens_at(SteadyTime when) const noexcept {
    const double seconds = std::chrono::duration<double>(std::max(when, counted_at_) - counted_at_).count();
    return std::min(burst(), tokens_ + seconds * rate_);
}

TokenBucket::SteadyTime TokenBucket::next_token_at(SteadyTime now) const noexcept {
    const double missing = 1 - tokens_at(now);
    if (missing <= 0) {
        return now;
    }
    // A microsecond more than the quotient, so that rounding never wakes anybody for 0.9999 tokens.
    return now + nanoseconds(static_cast<std::int64_t>(std::ceil(missing / rate_ * 1e9)) + 1000);
}

void TokenBucket::take(SteadyTime now) noexcept {
    tokens_ = tokens_at(now) - 1;
    counted_at_ = std::max(now, counted_at_);
}

}  // namespace moai::worker
