#include "worker/breaker.hpp"

#include <algorithm>

namespace moai::worker {

using std::chrono::duration_cast;
using std::chrono::nanoseconds;

namespace {

// Requests that are sent together are answered milliseconds apart: that is not another wish.
constexpr std::chrono::seconds kWorthTelling{1};

}  // namespace

Breaker::State Breaker::state(SteadyTime now) const noexcept {
    if (!open_) {
        return State::closed;
    }
    return now < probe_at_ ? State::open : State::half_open;
}

bool Breaker::admits(SteadyTime now) const noexcept { return !open_ || (now >= probe_at_ && !probing_); }

bool Breaker::is_spotless() const noexcept { return !open_ && consecutive_faults_ == 0 && successes_needed_ == 0; }

Breaker::Generation Breaker::sent(SteadyTime now) noexcept {
    probing_ = open_ && now >= probe_at_;
    return generation_;
}

Breaker::Change Breaker::succeeded(Generation sent_in) noexcept {
    if (sent_in != generation_) {
        return Change::none;
    }
    consecutive_faults_ = 0;
    if (open_) {
        open_ = probing_ = false;
        successes_needed_ = times_opened_ > 0 ? options_.recovered_after : 0;
        ++generation_;
        return Change::closed;
    }
    if (successes_needed_ > 0 && --successes_needed_ == 0) {
        times_opened_ = 0;
    }
    return Change::none;
}

Breaker::Change Breaker::failed(Generation sent_in, SteadyTime now, double share, SteadyTime not_before) noexcept {
    if (sent_in != generation_) {
        // Of several that were under way together the one that asks for the longest rest gets it.
        if (open_ && !probing_ && not_before > probe_at_ + kWorthTelling) {
            probe_at_ = not_before;
            return Change::opened;
        }
        return Change::none;
    }
    ++consecutive_faults_;
    const int threshold = successes_needed_ > 0 ? options_.relapse_threshold : options_.threshold;
    const bool only_asked = not_before > now && times_opened_ == 0 && consecutive_faults_ < options_.threshold;
    if (!only_asked && (open_ || consecutive_faults_ >= threshold)) {
        ++times_opened_;
        open_until(std::max(now + next_opening(share), not_before));
    } else if (not_before > now) {
        open_until(not_before);
    } else {
        return Change::none;
    }
    return Change::opened;
}

void Breaker::was_void(Generation sent_in, SteadyTime now) noexcept {
    if (sent_in == generation_ && open_) {
        probing_ = false;
        probe_at_ = now + options_.first_open;
        ++generation_;
    }
}

std::chrono::nanoseconds Breaker::next_opening(double share) const noexcept {
    auto length = options_.first_open;
    for (int i = 1; i < times_opened_ && length < options_.longest_open; ++i) {
        length *= 2;
    }
    length = std::min(length, options_.longest_open);
    return length + duration_cast<nanoseconds>(length * (share / 10));
}

void Breaker::open_until(SteadyTime probe_at) noexcept {
    probe_at_ = probe_at;
    open_ = true;
    probing_ = false;
    successes_needed_ = 0;
    ++generation_;
}

void Breaker::restore(SteadyTime probe_at, int consecutive_faults, int times_opened) noexcept {
    open_ = true;
    probing_ = false;
    probe_at_ = probe_at;
    consecutive_faults_ = consecutive_faults;
    times_opened_ = times_opened;
    successes_needed_ = 0;
    ++generation_;
}

Breaker::Change Breaker::reset() noexcept {
    const bool was_open = open_;
    open_ = probing_ = false;
    consecutive_faults_ = times_opened_ = successes_needed_ = 0;
    ++generation_;
    return was_open ? Change::closed : Change::none;
}

}  // namespace moai::worker
