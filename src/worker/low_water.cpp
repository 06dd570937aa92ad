#include "worker/low_water.hpp"

#include <algorithm>

namespace moai::worker {

using std::chrono::microseconds;

std::optional<std::int64_t> LowWater::since_us(SteadyTime now) const {
    return dear_ && now < next_sweep_ ? mark_us_ : std::nullopt;
}

void LowWater::claimed(std::optional<std::int64_t> since_us, std::int64_t left_off_us, std::size_t rows,
                       SteadyTime sent_at, SteadyTime now) {
    mark_us_ = left_off_us - microseconds(options_.margin).count();
    if (since_us) {
        owed_ = true;
        return;
    }
    const auto took = now - sent_at;
    // The cheaper of two in a row: one may have met a busy moment.
    const auto cost = std::min(took, last_sweep_took_.value_or(SteadyTime::duration::zero()));
    last_sweep_took_ = took;
    owed_ = false;
    dear_ = cost > options_.dear + static_cast<int>(rows) * options_.dear_each;
    next_sweep_ = now + std::min<SteadyTime::duration>(options_.rest * cost, options_.longest_rest);
}

void LowWater::cancelled(std::optional<std::int64_t> since_us, SteadyTime now) {
    if (!since_us && mark_us_) {
        dear_ = owed_ = true;
        next_sweep_ = now + options_.longest_rest;
    }
}

void LowWater::forget() {
    mark_us_.reset();
    last_sweep_took_.reset();
    dear_ = owed_ = false;
}

}  // namespace moai::worker
