// Deliveries that could not be sent for this worker's own fault: kept for a moment, then given back.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "base/backoff.hpp"
#include "base/event_loop.hpp"
#include "store/delivery_queue.hpp"

namespace moai::worker {

/// Given back they cost no try; but not at once, because they would come back as soon. Until then they stay leased to
/// us and take slots, so that a lasting fault brings claims to a stop by itself. Not thread-safe; lives on the loop's
/// thread.
class HeldBack {
public:
    /// `give_back` is called for each, and then `given_back` once.
    HeldBack(base::EventLoop& loop, std::function<void(store::DeliveryResult)> give_back,
             std::function<void()> given_back);
    ~HeldBack();
    HeldBack(const HeldBack&) = delete;
    HeldBack& operator=(const HeldBack&) = delete;

    void hold(store::DeliveryResult result);
    /// All of them, now.
    void give_back();
    /// A request was sent: the fault has passed.
    void relax() noexcept { backoff_.reset(); }
    [[nodiscard]] std::size_t size() const noexcept { return held_.size(); }

private:
    base::EventLoop& loop_;
    std::function<void(store::DeliveryResult)> give_back_;
    std::function<void()> given_back_;
    std::vector<store::DeliveryResult> held_;
    base::Backoff backoff_;
    base::EventLoop::TimerId timer_ = 0;
};

}  // namespace moai::worker
