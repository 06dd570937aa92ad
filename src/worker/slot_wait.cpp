#include "worker/slot_wait.hpp"

#include <algorithm>

namespace moai::worker {

std::optional<SlotWait::SteadyTime> SlotWait::until(SteadyTime now) {
    since_ = since_.value_or(now);
    const auto until = std::min(last_progress_ + options_.between_ends, *since_ + options_.longest);
    return now < until ? std::optional(until) : std::nullopt;
}

}  // namespace moai::worker
