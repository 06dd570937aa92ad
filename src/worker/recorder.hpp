// Collects what became of deliveries and records it in batches.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/backoff.hpp"
#include "base/event_loop.hpp"
#include "metrics/registry.hpp"
#include "store/delivery_queue.hpp"

namespace moai::worker {

/// Keeps every result until the database has it: through lost connections, failed statements, which are repeated
/// (recording is idempotent), and rows that somebody else has locked, which wait while the others go past them. Only a
/// result that the database refuses for what is in it is logged and left to its lease. Not thread-safe; lives on the
/// loop's thread.
class Recorder {
public:
    using SteadyTime = base::EventLoop::SteadyTime;

    struct Options {
        std::size_t batch = 500;             ///< results in one statement, at most
        std::chrono::milliseconds delay{3};  ///< how long the first result of a batch waits for company
    };
    /// Called after each batch with what the database answered, or null where it was not recorded (yet), and when the
    /// batch was sent.
    using Recorded = std::function<void(const store::Recorded*, SteadyTime sent_at)>;

    Recorder(base::EventLoop& loop, store::DeliveryQueue& queue, metrics::Registry& metrics, Options options,
             Recorded on_recorded);
    ~Recorder();
    Recorder(const Recorder&) = delete;
    Recorder& operator=(const Recorder&) = delete;

    void add(store::DeliveryResult result);
    /// How the search for the next due time goes that each batch ends with.
    void look_by(std::function<store::Look()> look) { look_ = std::move(look); }
    /// Who wants to know of each result that is kept here no more, before what the database answered is told.
    void observe(std::function<void(const store::DeliveryResult& result)> settled) { settled_ = std::move(settled); }
    /// A connection is (again) up.
    void queue_ready();
    /// Results that the database has not confirmed.
    [[nodiscard]] std::size_t pending() const noexcept { return waiting_.size() + sent_.size() + aside_count_; }
    /// A batch is under way.
    [[nodiscard]] bool recording() const noexcept { return !sent_.empty(); }

private:
    using Batch = std::vector<store::DeliveryResult>;

    void flush();
    void arm();
    [[nodiscard]] Batch next_batch(SteadyTime now);
    void done(const store::Recorded& recorded, const pg::Error* error);
    void failed(const pg::Error& error);
    void refused(Batch batch, const pg::Error& error);
    void blocked(Batch batch);
    void put_aside_first(Batch batch);
    void put_aside_last(Batch batch);
    void settle(const Batch& batch);
    void tell(const pg::Error& error, std::size_t count);

    base::EventLoop& loop_;
    store::DeliveryQueue& queue_;
    metrics::Registry& metrics_;
    Options options_;
    Recorded on_recorded_;
    std::function<void(const store::DeliveryResult& result)> settled_;
    std::function<store::Look()> look_ = [] { return store::Look(); };

    Batch waiting_;            // results that were not sent yet
    std::deque<Batch> aside_;  // batches, and parts of batches, that must be sent again
    std::size_t aside_count_ = 0;
    Batch sent_;  // the batch under way
    bool sent_from_aside_ = false;

    SteadyTime sent_at_{};
    SteadyTime due_{};               // when waiting_ goes
    SteadyTime rest_until_{};        // nothing is sent before: the database failed us
    SteadyTime aside_rest_until_{};  // what is aside is not sent before: somebody else held a lock
    base::Backoff backoff_, lock_backoff_;
    std::string told_;  // the last error that was logged
    base::EventLoop::TimerId timer_ = 0;
};

}  // namespace moai::worker
