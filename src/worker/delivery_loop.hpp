// The worker: wakes, claims what is due, has it sent, records what became of it, and sleeps until the next due time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "base/backoff.hpp"
#include "base/event_loop.hpp"
#include "metrics/registry.hpp"
#include "store/delivery_queue.hpp"
#include "worker/recorder.hpp"
#include "worker/transport.hpp"
#include "worker/wake_timer.hpp"

namespace moai::worker {

/// One worker on one event loop. It never polls: it looks when it is woken (NOTIFY, next due time, reconnect), while it
/// knows of more than it could take, and once per safety interval. Not thread-safe; everything happens on the loop's
/// thread. The loop, the queue, the transport and the registry must outlive it.
class DeliveryLoop {
public:
    struct Options {
        int concurrency = 512;  ///< requests in flight at once
        int claim_batch = 500;  ///< deliveries in one claim, at most
        Recorder::Options record;
        std::chrono::milliseconds safety_interval{30'000};
        std::chrono::hours maintenance_interval{24};
    };
    /// Makes the request of a delivery; `unix_seconds` is the database's time now, for webhook-timestamp and the
    /// signature.
    using BuildRequest = std::function<OutgoingRequest(const store::ClaimedDelivery&, std::int64_t unix_seconds)>;

    DeliveryLoop(base::EventLoop& loop, store::DeliveryQueue& queue, Transport& transport, BuildRequest build_request,
                 metrics::Registry& metrics, Options options);
    ~DeliveryLoop();
    DeliveryLoop(const DeliveryLoop&) = delete;
    DeliveryLoop& operator=(const DeliveryLoop&) = delete;

    /// Look for work now: the doorbell rang, or the listener is back (reconnect).
    void wake(WakeReason reason);
    /// A connection of the queue is (again) up.
    void queue_ready();
    /// Claims no more, gives back what was not started, and calls `drained` once when everything in flight is recorded.
    void drain(std::function<void()> drained);

    /// Requests in flight, name look-ups included.
    [[nodiscard]] std::size_t in_flight() const { return transport_.in_flight(); }

private:
    using SteadyTime = base::EventLoop::SteadyTime;

    /// One clock reading of the database, and when it was taken by ours.
    struct DatabaseClock {
        std::int64_t at_us = 0;
        SteadyTime steady;
        [[nodiscard]] std::int64_t us_at(SteadyTime when) const;
    };

    void claim_if_useful();
    void claimed(const store::Claim& claim, int requested, WakeReason reason, SteadyTime sent_at);
    void claim_failed(const pg::Error& error);
    void start(const store::ClaimedDelivery& delivery, const DatabaseClock& clock, SteadyTime claim_sent_at);
    void finished(store::DeliveryResult result, std::int64_t published_at_us, const TransferResult& transfer);
    void fail(const store::ClaimedDelivery& delivery, std::int64_t at_us, std::string why);
    void release(const store::ClaimedDelivery& delivery);
    void look_again(std::chrono::microseconds in);
    void maintain();
    void check_drained();

    base::EventLoop& loop_;
    store::DeliveryQueue& queue_;
    Transport& transport_;
    BuildRequest build_request_;
    metrics::Registry& metrics_;
    Options options_;
    WakeTimer wake_timer_;
    Recorder recorder_;
    base::Backoff look_again_backoff_;
    base::EventLoop::TimerId look_again_timer_ = 0, maintenance_timer_ = 0;

    bool claim_wanted_ = true;  // since start: work may have waited for us
    bool claiming_ = false;
    bool backlog_ = false;  // the last claim was full: more waits than we have room for
    bool maintenance_due_ = true;
    WakeReason reason_ = WakeReason::reconnect;
    std::function<void()> drained_;
    bool draining_ = false;
};

}  // namespace moai::worker
