// How long to wait before trying again: exponential, capped, with jitter.
#pragma once

#include <chrono>
#include <cstdint>

namespace moai::base {

/// The delays between the tries of one reconnecting party. A value; not thread-safe.
/// Each delay is drawn evenly from [step/2, step], where step starts at `first`, doubles with every call and stops at
/// `cap`: never zero, so that a refused connect cannot spin, and never the same for parties that failed together.
class Backoff {
public:
    using Delay = std::chrono::microseconds;

    /// Requires 0 < first <= cap, else std::invalid_argument. The same seed gives the same delays.
    Backoff(Delay first, Delay cap, std::uint64_t seed);
    /// Seeded differently in each object and each process.
    Backoff(Delay first, Delay cap);

    /// The delay before the next try.
    [[nodiscard]] Delay next();
    /// After a success: the next delay starts from `first` again.
    void reset() noexcept { step_ = first_; }

private:
    Delay first_, cap_, step_;
    std::uint64_t random_state_;
};

}  // namespace moai::base
