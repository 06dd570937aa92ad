// Collects what became of deliveries and records it in batches.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <vector>

#include "base/backoff.hpp"
#include "base/event_loop.hpp"
#include "metrics/registry.hpp"
#include "store/delivery_queue.hpp"

namespace moai::worker {

/// Keeps every result until the database has it: through lost connections and failed statements, which are repeated
/// (recording is idempotent). A result that the database refuses by itself is logged and left to its lease. Not
/// thread-safe; lives on the loop's thread.
class Recorder {
public:
    struct Options {
        std::size_t batch = 500;             ///< results in one statement, at most
        std::chrono::milliseconds delay{3};  ///< how long the first result of a batch waits for company
    };
    /// Called after each batch with what the database answered, or null where it was not recorded (yet).
    using Recorded = std::function<void(const store::Recorded*)>;

    Recorder(base::EventLoop& loop, store::DeliveryQueue& queue, metrics::Registry& metrics, Options options,
             Recorded on_recorded);
    ~Recorder();
    Recorder(const Recorder&) = delete;
    Recorder& operator=(const Recorder&) = delete;

    void add(store::DeliveryResult result);
    /// A connection is (again) up.
    void queue_ready();
    /// Results that the database has not confirmed.
    [[nodiscard]] std::size_t pending() const noexcept { return waiting_.size() + sent_.size(); }

private:
    void flush();
    void done(const store::Recorded& recorded, const pg::Error* error);
    void failed(const pg::Error& error);
    void schedule(std::chrono::microseconds in);

    base::EventLoop& loop_;
    store::DeliveryQueue& queue_;
    metrics::Registry& metrics_;
    Options options_;
    Recorded on_recorded_;
    std::vector<store::DeliveryResult> waiting_, sent_;
    std::size_t batch_limit_;  // halved to find the one result that the database refuses
    base::Backoff backoff_;
    base::EventLoop::TimerId timer_ = 0;
};

}  // namespace moai::worker
