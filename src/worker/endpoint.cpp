#include "worker/endpoint.hpp"

#include <algorithm>
#include <cmath>

namespace moai::worker {

Verdict verdict_of(const TransferResult& transfer) noexcept {
    if (transfer.never_sent) {
        return Verdict::nothing;
    }
    switch (transfer.error_class) {
        case ErrorClass::none: return Verdict::alive;
        case ErrorClass::http_status: {
            const int status = transfer.http_status.value_or(0);
            if (status == 408 || status == 429 || status == 503 || status == 504) {
                return Verdict::overload;
            }
            // Any other 4xx, and a redirection, is about the message or the URL: who answers so is alive.
            return status >= 500 ? Verdict::fault : Verdict::alive;
        }
        case ErrorClass::timeout:
        case ErrorClass::connect_timeout: return Verdict::overload;
        case ErrorClass::dns:
        case ErrorClass::connect:
        case ErrorClass::tls:
        case ErrorClass::connection_lost:
        case ErrorClass::invalid_response: return Verdict::fault;
        // Refused by ourselves: holding the others back would not make it better, and each must fail by its policy.
        case ErrorClass::blocked:
        case ErrorClass::invalid_request: return Verdict::alive;
        case ErrorClass::lease_expired:
        case ErrorClass::internal: return Verdict::nothing;
    }
    return Verdict::nothing;
}

Ending ending_of(const TransferResult& transfer) noexcept {
    return {verdict_of(transfer), transfer.retry_after.value_or(std::chrono::seconds(0))};
}

Endpoint::Endpoint(const EndpointLimits& limits, const Options& options, SteadyTime now)
    : options_(options), breaker_(options.breaker), window_(options.first_window) {
    set_limits(limits, now);
}

void Endpoint::set_limits(const EndpointLimits& limits, SteadyTime now) {
    limits_ = limits;
    if (!limits.rate_limit) {
        bucket_.reset();
    } else if (bucket_) {
        bucket_->set_rate(*limits.rate_limit, now);
    } else {
        bucket_.emplace(*limits.rate_limit, now);
    }
    window_ = std::min(window_, cap());
}

int Endpoint::cap() const noexcept {
    return std::min(limits_.max_in_flight.value_or(options_.cap), options_.greatest_cap);
}

bool Endpoint::may_send(SteadyTime now) const noexcept {
    return in_flight_ < window_ && breaker_.admits(now) && (!bucket_ || bucket_->has_token(now));
}

Endpoint::Ticket Endpoint::sent(SteadyTime now) noexcept {
    ++in_flight_;
    if (bucket_) {
        bucket_->take(now);
    }
    const Ticket ticket{breaker_.sent(now), cuts_, fills_};
    if (in_flight_ >= window_) {
        ++fills_;
    }
    return ticket;
}

Breaker::Change Endpoint::finished(Ticket ticket, Ending ending, SteadyTime now, double share) noexcept {
    // Room that was not needed must not grow: it would be there for an endpoint of which nobody knows whether it can
    // take so much.
    const bool was_full = fills_ != ticket.fills;
    --in_flight_;
    count_end(now);
    Breaker::Change change = Breaker::Change::none;
    switch (ending.verdict) {
        case Verdict::alive:
            change = breaker_.succeeded(ticket.generation);
            if (change == Breaker::Change::none && was_full && breaker_.state(now) == Breaker::State::closed) {
                window_ = std::min(window_ + 1, cap());
            }
            break;
        case Verdict::overload:
            if (ticket.cuts == cuts_) {
                window_ = std::max(window_ / 2, 1);
                ++cuts_;
            }
            [[fallthrough]];
        case Verdict::fault: change = breaker_.failed(ticket.generation, now, share, now + ending.retry_after); break;
        case Verdict::nothing: breaker_.was_void(ticket.generation, now); break;
    }
    if (change == Breaker::Change::opened) {
        window_ = 1;  // for the probe
    } else if (change == Breaker::Change::closed) {
        window_ = std::min(2, cap());  // the probe was the first of the ramp 1, 2, 4, ...
    }
    return change;
}

Breaker::Change Endpoint::renew() noexcept {
    window_ = std::min(options_.first_window, cap());
    ++cuts_;
    return breaker_.reset();
}

int Endpoint::headroom(SteadyTime now, int waiting) const noexcept {
    if (!breaker_.admits(now)) {
        return 0;
    }
    // With the breaker half-open one request decides, however much room there is.
    const bool is_closed = breaker_.state(now) == Breaker::State::closed;
    int room = (is_closed ? window_ + recently_ended(now) - in_flight_ : std::min(window_ - in_flight_, 1)) - waiting;
    if (bucket_) {
        // What there is now, and what half of the horizon brings: who waits for the last of them is sent before its
        // wait ends.
        const double tokens = bucket_->tokens_at(now);
        const double soon = bucket_->rate() * std::chrono::duration<double>(options_.horizon).count() / 2;
        room = std::min(room, static_cast<int>(std::floor(tokens) + std::floor(soon)) - waiting);
    }
    return std::max(room, 0);
}

std::optional<Endpoint::SteadyTime> Endpoint::next_at(SteadyTime now) const noexcept {
    std::optional<SteadyTime> at;
    if (breaker_.state(now) == Breaker::State::open) {
        at = breaker_.probe_at();
    } else if (!breaker_.admits(now) || in_flight_ >= window_) {
        return std::nullopt;
    }
    if (bucket_ && !bucket_->has_token(now)) {
        at = std::max(at.value_or(now), bucket_->next_token_at(now));
    }
    return at;
}

bool Endpoint::is_forgettable(SteadyTime now) const noexcept {
    return in_flight_ == 0 && breaker_.is_spotless() && (!bucket_ || bucket_->is_full(now));
}

int Endpoint::recently_ended(SteadyTime now) const noexcept {
    const auto age = now - stretch_begin_;
    if (age < options_.horizon) {
        return std::max(ended_, ended_before_);
    }
    return age < 2 * options_.horizon ? ended_ : 0;
}

void Endpoint::count_end(SteadyTime now) noexcept {
    const auto age = now - stretch_begin_;
    if (age >= options_.horizon) {
        ended_before_ = age < 2 * options_.horizon ? ended_ : 0;
        ended_ = 0;
        stretch_begin_ = now;
    }
    ++ended_;
}

}  // namespace moai::worker
