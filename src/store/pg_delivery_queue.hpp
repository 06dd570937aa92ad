// DeliveryQueue on PostgreSQL: one connection for claims, one for results, and one for maintenance while it lasts, so
// that none waits for the other.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/event_loop.hpp"
#include "pg/async_connection.hpp"
#include "store/delivery_queue.hpp"

namespace moai::store {

/// Calls moai.claim_deliveries, moai.complete_deliveries and their like. Not thread-safe: lives on its loop's thread.
/// Each statement is a transaction of its own: none is ever open while requests are under way.
class PgDeliveryQueue final : public DeliveryQueue {
public:
    struct Options {
        std::string database_url;
        std::string worker_name;
        /// Off: a claim or result that a crash of PostgreSQL forgets costs a duplicate, never a loss, and commits need
        /// not wait.
        bool synchronous_commit = false;
    };
    struct Callbacks {
        /// One of the two connections is (again) up: can_claim() or can_record() may have turned true.
        std::function<void()> on_ready;
        /// One of the two was lost or could not be made; it is being made anew.
        std::function<void(const pg::Error&)> on_lost;
        /// So many rows of the queue were claimed, or had their result recorded: each leaves a dead one behind.
        std::function<void(std::size_t)> on_rows_changed = {};
    };

    PgDeliveryQueue(base::EventLoop& loop, const Options& options, const Callbacks& callbacks);

    void start();
    /// For good. Outstanding calls end with a connection_lost error.
    void close();

    /// Is this the backend of one of its sessions? What such a one rings for is known here.
    [[nodiscard]] bool is_own_backend(int pid) const noexcept;

    [[nodiscard]] bool can_claim() const override;
    /// REQUIRES: can_claim() and max_count > 0.
    void claim(int max_count, const Look& look, const std::vector<std::string>& saturated, ClaimDone done) override;
    /// REQUIRES: can_claim(), and counts of 1 or more, as many as subscriptions.
    void claim_parked(const std::vector<std::string>& subscription_ids, const std::vector<int>& counts,
                      const Look& look, ClaimDone done) override;
    /// REQUIRES: can_claim().
    void endpoints(EndpointsDone done) override;
    /// REQUIRES: can_claim().
    void record_breakers(const std::vector<BreakerChange>& changes, Done done) override;
    [[nodiscard]] bool can_record() const override;
    /// REQUIRES: can_record() and at least one result.
    void record(const std::vector<DeliveryResult>& results, const Look& look, RecordDone done) override;
    /// On a connection that is made for it and closed at its end.
    void maintain(MaintainDone done) override;

private:
    void rows_changed(std::size_t count) const;
    void end_maintenance(bool more, const pg::Error* error);

    base::EventLoop& loop_;
    const Options options_;
    const std::function<void(std::size_t)> on_rows_changed_;
    pg::AsyncConnection claims_, results_;
    std::unique_ptr<pg::AsyncConnection> maintenance_;  // while there is any
    MaintainDone maintained_;
};

}  // namespace moai::store
