// How soon to look again at work that is due and does not come.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/backoff.hpp"

namespace moai::worker {

/// Something is due and a claim did not bring it: the claim parked what it took because the subscription is paused, or
/// somebody else holds the rows. As long as the earliest due time moves the queue is being worked on, and looks follow
/// each other at once; when it stands still they become rarer, up to one a second. Not thread-safe.
class StuckLooks {
public:
    /// After a look that brought nothing although something has been due since `due_at_us`, by the database's clock:
    /// when to look again; 0: at once.
    [[nodiscard]] std::chrono::microseconds next_in(std::int64_t due_at_us);
    /// Something came, or nothing is due.
    void reset();

private:
    std::int64_t due_at_us_ = 0;
    int looks_ = 0;
    base::Backoff backoff_{std::chrono::milliseconds(2), std::chrono::seconds(1)};
};

}  // namespace moai::worker
