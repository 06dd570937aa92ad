// The worker's share of keeping the database in order: partitions ahead, expired keys away.
#pragma once

#include <chrono>

#include "base/backoff.hpp"
#include "base/event_loop.hpp"
#include "store/delivery_queue.hpp"

namespace moai::worker {

/// Calls maintain() when a worker starts and once per interval, again at once while something is left to do, and after
/// a failure with a growing delay. Not thread-safe; lives on the loop's thread.
class Maintenance {
public:
    struct Options {
        std::chrono::milliseconds interval = std::chrono::hours(24);
        std::chrono::milliseconds first_retry = std::chrono::minutes(1), longest_retry = std::chrono::hours(1);
    };

    Maintenance(base::EventLoop& loop, store::DeliveryQueue& queue, Options options);
    ~Maintenance();
    Maintenance(const Maintenance&) = delete;
    Maintenance& operator=(const Maintenance&) = delete;

    /// The database can be reached: begins, the first time.
    void start();

private:
    void run();
    [[nodiscard]] std::chrono::microseconds next_in(bool more, const pg::Error* error);

    base::EventLoop& loop_;
    store::DeliveryQueue& queue_;
    Options options_;
    base::Backoff backoff_;
    bool started_ = false;
    base::EventLoop::TimerId timer_ = 0;
};

}  // namespace moai::worker
