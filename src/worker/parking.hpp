// Between the endpoints and the queue: learns what the database knows of them, tells it of breakers, and fetches what
// was parked when there is room for it.
#pragma once

#include <functional>

#include "base/backoff.hpp"
#include "base/event_loop.hpp"
#include "metrics/registry.hpp"
#include "store/delivery_queue.hpp"
#include "worker/endpoints.hpp"

namespace moai::worker {

/// Shares the queue's connection for claims with the delivery loop, which asks it before each claim of its own; and
/// wakes the loop when time alone has made room. Nothing is polled: it asks when an endpoint has room, and sleeps until
/// the next token, probe or end of a wait. A statement that fails
/// is repeated after a pause, during which the loop goes on claiming. Not thread-safe; everything happens on the loop's
/// thread.
class Parking {
public:
    using SteadyTime = base::EventLoop::SteadyTime;

    struct Calls {
        /// What was parked has come: to be admitted before this returns.
        std::function<void(const store::Claim& claim, SteadyTime sent_at)> came;
        /// How a claim looks now.
        std::function<store::Look()> look;
        /// The database was told of breakers, which may have become an event of moai's own.
        std::function<void()> told;
        /// The connection is free again.
        std::function<void()> done;
        /// Time has passed that endpoints, or a repetition, waited for.
        std::function<void()> ticked;
    };

    /// `learn_every`: how long after one question what is known of endpoints the office makes it ask again, at least.
    Parking(base::EventLoop& loop, store::DeliveryQueue& queue, Endpoints& endpoints, metrics::Registry& metrics,
            Calls calls, std::chrono::milliseconds learn_every);
    ~Parking();
    Parking(const Parking&) = delete;
    Parking& operator=(const Parking&) = delete;

    /// Ask the database what it knows of endpoints before anything else is claimed.
    void learn() { must_learn_ = true; }
    /// The same, for who takes the office: the one before may have died, and parked deliveries with it. Not each time,
    /// for an office may change hands many times a second, and the question is one for all subscriptions.
    void take_office();
    /// Asks or tells the database if there is anything to be asked or told; true if it did: the connection is taken
    /// until Calls::done. With `claim_waits` what is parked gives way every other time. REQUIRES: the queue can claim.
    [[nodiscard]] bool begin(int free_slots, bool claim_waits);
    /// Endpoints have changed: sets the timer.
    void arm();

private:
    void failed(const pg::Error& error);
    void learn_now();
    void tell();
    void fetch(const Endpoints::Wanted& wanted);

    base::EventLoop& loop_;
    store::DeliveryQueue& queue_;
    Endpoints& endpoints_;
    metrics::Registry& metrics_;
    Calls calls_;
    std::chrono::milliseconds learn_every_;
    SteadyTime learned_at_{};
    base::EventLoop::TimerId learn_timer_ = 0;
    bool must_learn_ = false, fetched_last_ = false;
    std::optional<SteadyTime> due_;
    base::Backoff backoff_;
    base::EventLoop::TimerId timer_ = 0;
    base::EventLoop::TimerId rest_timer_ = 0;  // while it runs nothing is asked or told, for it failed just now
};

}  // namespace moai::worker
