// The worker: wakes, claims what is due, has it sent, records what became of it, and sleeps until the next due time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/backoff.hpp"
#include "base/event_loop.hpp"
#include "metrics/registry.hpp"
#include "store/delivery_queue.hpp"
#include "worker/claimed.hpp"
#include "worker/endpoints.hpp"
#include "worker/held_back.hpp"
#include "worker/low_water.hpp"
#include "worker/maintenance.hpp"
#include "worker/parking.hpp"
#include "worker/recorder.hpp"
#include "worker/sender.hpp"
#include "worker/slot_wait.hpp"
#include "worker/stuck_looks.hpp"
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
        Maintenance::Options maintenance;
        Endpoint::Options endpoint;  ///< its caps follow from `concurrency`
        LowWater::Options low_water;
        SlotWait::Options slot_wait;
        std::chrono::milliseconds learn_every{5'000};  ///< see Parking
    };
    DeliveryLoop(base::EventLoop& loop, store::DeliveryQueue& queue, Transport& transport, BuildRequest build_request,
                 metrics::Registry& metrics, Options options);
    ~DeliveryLoop();
    DeliveryLoop(const DeliveryLoop&) = delete;
    DeliveryLoop& operator=(const DeliveryLoop&) = delete;

    /// Look for work now.
    void wake(WakeReason reason);
    /// Rings are heard (again): what was said until now was missed.
    void listening();
    /// Take what somebody else has claimed for this worker, who asked for at most `requested`.
    void adopt(const store::Claim& claim, int requested, WakeReason reason);
    /// Who sleeps for this worker (the sentinel): what it is told, and what it is asked.
    struct Watch {
        /// Each look: did it find anything, and is there more than was asked for?
        std::function<void(bool found, bool more)> looked = [](bool, bool) {};
        std::function<void(bool full)> saturated = [](bool) {};  ///< is there no free slot?
        std::function<bool()> in_office = [] { return false; };
        /// Does it wait for the office? The end of that wait is a look, and so this worker's safety look.
        std::function<bool()> waits = [] { return false; };
        /// Will it look again within milliseconds, and in the end for the next due time?
        std::function<bool()> looks_again = [] { return false; };
    };
    void watched_by(Watch watch);
    /// Whatever made the endpoint of this subscription fail may have been mended: it is another URL, or somebody says
    /// so.
    void renew_endpoint(const std::string& subscription_id);
    /// A connection of the queue is (again) up.
    void queue_ready();
    /// Claims no more, gives back what was not started, and calls `drained` once when everything in flight is recorded.
    void drain(std::function<void()> drained);

    /// Requests in flight, name look-ups included.
    [[nodiscard]] std::size_t in_flight() const { return transport_.in_flight(); }

private:
    using SteadyTime = base::EventLoop::SteadyTime;

    [[nodiscard]] store::Look look() const;
    void claim_if_useful();
    void plan_sweep();
    void look_ahead_unless(bool looked_ahead);
    [[nodiscard]] bool waits_for_slots(int free);
    void claimed(const store::Claim& claim, int requested, WakeReason reason, SteadyTime sent_at, bool overlapped);
    [[nodiscard]] int free_slots();
    void admit(const store::Claim& claim, SteadyTime sent_at);
    void parked_came(const store::Claim& claim, SteadyTime sent_at);
    void sleep_until_due(const store::Claim& claim, SteadyTime sent_at, bool overlapped);
    void claim_failed(const pg::Error& error);
    void recorded(const store::Recorded* recorded, SteadyTime sent_at);
    [[nodiscard]] bool start(const Claimed& claimed, Endpoint::Ticket ticket);
    void finished(store::DeliveryResult result, const TransferResult& transfer, Endpoint::Ticket ticket);
    void give_back(const store::ClaimedDelivery& delivery, store::DeliveryResult::Outcome outcome);
    void want_claim();
    void want_claim_in(base::EventLoop::TimerId& timer, std::chrono::microseconds in);
    void check_drained();

    base::EventLoop& loop_;
    store::DeliveryQueue& queue_;
    Transport& transport_;
    metrics::Registry& metrics_;
    Options options_;
    Sender sender_;
    WakeTimer wake_timer_;
    Recorder recorder_;
    Maintenance maintenance_;
    Endpoints endpoints_;
    Parking parking_;
    LowWater low_water_;
    base::EventLoop::TimerId sweep_timer_ = 0;

    bool claim_wanted_ = true;  // since start: work may have waited for us
    bool claiming_ = false;     // the connection for claims is taken
    WakeReason reason_ = WakeReason::reconnect;

    // Of a claim and a record under way at the same time, neither answer need know of the other's effect: its next due
    // time may only bring the timer forward.
    bool claim_overlapped_ = false, record_overlapped_ = false;

    bool backlog_ = false;  // the last claim was full: more waits than we have room for
    SlotWait slot_wait_;
    base::EventLoop::TimerId slots_timer_ = 0;

    StuckLooks stuck_looks_;
    base::EventLoop::TimerId stuck_timer_ = 0;

    std::string told_error_;  // of claims: the last that was logged
    base::Backoff error_backoff_;
    base::EventLoop::TimerId error_timer_ = 0;  // while it runs nothing is claimed

    HeldBack held_back_;

    Watch watch_;

    std::function<void()> drained_;
    bool draining_ = false;
};

}  // namespace moai::worker
