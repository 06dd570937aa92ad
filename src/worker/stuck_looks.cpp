#include "worker/stuck_looks.hpp"

#include <utility>

namespace moai::worker {

namespace {

// Before they are put off: a claim parks what is paused, and finds nothing else among the rows that it took.
constexpr int kAtOnce = 2;

}  // namespace

std::chrono::microseconds StuckLooks::next_in(std::int64_t due_at_us) {
    if (std::exchange(due_at_us_, due_at_us) != due_at_us) {
        reset();
    }
    return ++looks_ <= kAtOnce ? std::chrono::microseconds(0) : backoff_.next();
}

void StuckLooks::reset() {
    looks_ = 0;
    backoff_.reset();
}

}  // namespace moai::worker
