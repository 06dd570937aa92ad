// Backoff's draw: splitmix64, enough randomness for spreading and the same sequence on every platform.
#include "base/backoff.hpp"

#include <random>
#include <stdexcept>

namespace moai::base {
namespace {

std::uint64_t fresh_seed() {
    std::random_device device;
    return (static_cast<std::uint64_t>(device()) << 32U) | device();
}

std::uint64_t splitmix64(std::uint64_t& state) {
    state += 0x9e3779b97f4a7c15U;
    std::uint64_t value = state;
    value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
    value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
    return value ^ (value >> 31U);
}

}  // namespace

Backoff::Backoff(Delay first, Delay cap, std::uint64_t seed)
    : first_(first), cap_(cap), step_(first), random_state_(seed) {
    if (first <= Delay::zero() || cap < first) {
        throw std::invalid_argument("Backoff: the first delay must be above zero and at most the cap");
    }
}

Backoff::Backoff(Delay first, Delay cap) : Backoff(first, cap, fresh_seed()) {}

Backoff::Delay Backoff::next() {
    const Delay step = step_;
    // Compared before doubling, so that no cap can overflow.
    step_ = step_ > cap_ / 2 ? cap_ : step_ * 2;
    const auto shortest = step.count() - step.count() / 2;
    const auto width = static_cast<std::uint64_t>(step.count() - shortest) + 1;
    return Delay(shortest + static_cast<Delay::rep>(splitmix64(random_state_) % width));
}

}  // namespace moai::base
