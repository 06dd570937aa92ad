// A delivery loop on a queue and a transport in memory, for its tests.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "unit/worker/fakes.hpp"
#include "worker/delivery_loop.hpp"

namespace moai::worker::testing {

class DeliveryLoopTest : public ::testing::Test {
protected:
    DeliveryLoopTest() {
        options.record.delay = std::chrono::milliseconds(1);
        guard = loop.at(std::chrono::steady_clock::now() + std::chrono::seconds(10), [this] {
            timed_out = true;
            loop.stop();
        });
    }
    ~DeliveryLoopTest() override { EXPECT_FALSE(timed_out) << "the awaited event did not come"; }

    DeliveryLoop& worker() {
        if (!worker_) {
            worker_ = std::make_unique<DeliveryLoop>(
                loop, queue, transport,
                [](const store::ClaimedDelivery& claimed, std::int64_t) {
                    if (claimed.event_id == "unsignable") {
                        throw std::invalid_argument("bad secret");
                    }
                    OutgoingRequest request;
                    request.body = claimed.event_id;
                    return request;
                },
                metrics, options);
        }
        return *worker_;
    }
    static store::Claim claim_of(std::vector<store::ClaimedDelivery> deliveries,
                                 std::optional<std::chrono::microseconds> next_due_in = std::nullopt) {
        store::Claim claim;
        claim.deliveries = std::move(deliveries);
        claim.claimed_at_us = 1'700'000'000'000'000;
        claim.next_due_in = next_due_in;
        return claim;
    }
    void run_until_recorded(std::size_t batches) {
        queue.on_record = [this, batches] {
            if (queue.recorded.size() >= batches) {
                loop.stop();
            }
        };
        worker().queue_ready();
        loop.run();
    }
    /// Runs the loop for `time`: what must not happen has had that long.
    void run_for(std::chrono::milliseconds time) {
        queue.on_claim = queue.on_record = nullptr;
        const auto end = loop.at(std::chrono::steady_clock::now() + time, [this] { loop.stop(); });
        loop.run();
        loop.cancel(end);
    }
    void run_until_claims(std::size_t claims) {
        worker().queue_ready();
        await_claims(claims);
    }
    /// Until there were so many claims in all, without asking for one.
    void await_claims(std::size_t claims) {
        queue.on_claim = [this, claims] {
            if (queue.claim_counts.size() >= claims) {
                loop.stop();
            }
        };
        loop.run();
    }

    base::EventLoop loop;
    FakeQueue queue{loop};
    FakeTransport transport{loop};
    metrics::Registry metrics{"test"};
    DeliveryLoop::Options options;
    base::EventLoop::TimerId guard = 0;
    bool timed_out = false;

private:
    std::unique_ptr<DeliveryLoop> worker_;
};

}  // namespace moai::worker::testing
