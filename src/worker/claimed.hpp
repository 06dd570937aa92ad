// A claimed delivery on its way to being sent, and the clock that came with it.
#pragma once

#include <chrono>
#include <cstdint>

#include "store/delivery_queue.hpp"

namespace moai::worker {

/// One clock reading of the database, and when it was taken by ours.
struct DatabaseClock {
    std::int64_t at_us = 0;
    std::chrono::steady_clock::time_point steady;
    [[nodiscard]] std::int64_t us_at(std::chrono::steady_clock::time_point when) const {
        return at_us + std::chrono::duration_cast<std::chrono::microseconds>(when - steady).count();
    }
};

/// A delivery under a lease of ours.
struct Claimed {
    store::ClaimedDelivery delivery;
    DatabaseClock clock;
    std::chrono::steady_clock::time_point claim_sent_at;  ///< its lease lasts at least from then
};

}  // namespace moai::worker
