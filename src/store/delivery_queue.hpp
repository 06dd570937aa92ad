// The worker's side of the database: one C++ function for each SQL function of db/functions/worker.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "pg/error.hpp"

namespace moai::store {

/// One delivery under a lease of ours: everything that one request needs.
struct ClaimedDelivery {
    std::string event_id, subscription_id;  ///< uuid text
    std::int64_t lease_token = 0;
    int attempt_no = 0;  ///< the number the next request bears
    std::string event_type, tenant;
    std::string published_at;  ///< ISO 8601 UTC with microseconds, as it goes into the `timestamp` of the body
    std::string payload;       ///< the published bytes
    std::string url, format, secret;
    std::string method = "POST";
    std::string headers{};  ///< of the subscription's own: lines of "name: value"
    std::chrono::milliseconds timeout{0};
    std::chrono::milliseconds lease{0};  ///< how long the lease lasts, counted from the claim
    // What the subscription allows of each worker process; unset: no limit of its own.
    std::optional<int> max_in_flight;
    std::optional<double> rate_limit;  ///< requests a second
};

/// How a call looks for due deliveries, and for the next due time.
struct Look {
    bool in_office = false;  ///< this worker is the sentinel; of any other's leases the sentinel is told
    /// Only at what became due after this time, as of Claim::claimed_at_us; unset: at everything.
    std::optional<std::int64_t> since_us{};
    bool ahead = true;  ///< also for the next due time
};

struct Claim {
    std::vector<ClaimedDelivery> deliveries;
    /// The database's clock at the claim, Unix epoch in microseconds: webhook-timestamp and attempt times derive from
    /// it.
    std::int64_t claimed_at_us = 0;
    bool looked_ahead = true;  ///< for the next due time
    /// Until the earliest due time that is left in the table after Look::since_us, leased rows included; unset when
    /// there is none, or it did not look. May be <= 0.
    std::optional<std::chrono::microseconds> next_due_in;
    /// How long the earliest of what it claimed or parked had been due; zero when there is none. Nothing that it could
    /// have had was due before.
    std::chrono::microseconds overdue{0};
    int parked = 0;  ///< deliveries of saturated endpoints that it moved out of the way
};

/// What became of one claimed delivery.
struct DeliveryResult {
    /// Parked: not sent, because its endpoint had no room.
    enum class Outcome { delivered, failed, released, parked };
    std::string event_id, subscription_id;
    std::int64_t lease_token = 0;
    int attempt_no = 0;
    Outcome outcome = Outcome::failed;
    std::int64_t started_at_us = 0;  ///< by the database's clock
    std::optional<int> http_status;
    std::string error_class, error_detail, url, remote_address;
    std::string signed_with;       ///< ids of keys, separated by spaces
    std::string response_headers;  ///< a line each
    std::string response_body;
    std::uint64_t response_bytes = 0;
    std::optional<std::int64_t> retry_after_us;  ///< no sooner may the next attempt be
    std::optional<std::int64_t> dns_us, connect_us, tls_us, first_byte_us;
    std::int64_t total_us = 0;
};

/// How many of a batch of results had which effect. `orphaned` results came too late: their lease was lost.
struct Recorded {
    int delivered = 0, retried = 0, dead_lettered = 0, released = 0, orphaned = 0;
    bool looked_ahead = true;  ///< for the next due time
    /// Until the earliest due time in the table after Look::since_us once these results stand, leased rows included;
    /// unset when there is none, or it did not look.
    std::optional<std::chrono::microseconds> next_due_in;
};

/// A breaker that is not closed.
struct OpenBreaker {
    std::chrono::microseconds probe_in{0};  ///< until a request is let through; may be <= 0
    int consecutive_failures = 0, times_opened = 1;
    std::string reason{};  ///< the last failure, for people
};

/// An endpoint's breaker has opened, for the first time or again, or closed (unset).
struct BreakerChange {
    std::string subscription_id;
    std::optional<OpenBreaker> open;
};

/// An endpoint that has parked deliveries, or whose breaker is not closed.
struct KnownEndpoint {
    std::string subscription_id{}, url{};
    std::optional<int> max_in_flight{};
    std::optional<double> rate_limit{};
    bool has_parked = false;
    std::optional<OpenBreaker> open{};
};

/// Not thread-safe; callbacks come on the loop's thread, never from within the call.
class DeliveryQueue {
public:
    using ClaimDone = std::function<void(Claim claim, const pg::Error* error)>;
    using RecordDone = std::function<void(Recorded recorded, const pg::Error* error)>;

    using EndpointsDone = std::function<void(std::vector<KnownEndpoint> known, const pg::Error* error)>;
    using Done = std::function<void(const pg::Error* error)>;
    /// `more`: something was removed, and more may be left than one call takes.
    using MaintainDone = std::function<void(bool more, const pg::Error* error)>;

    virtual ~DeliveryQueue() = default;
    /// May claim() be called now (connected, none outstanding)?
    [[nodiscard]] virtual bool can_claim() const = 0;
    /// `saturated`: subscriptions whose due deliveries are to be parked instead.
    virtual void claim(int max_count, const Look& look, const std::vector<std::string>& saturated, ClaimDone done) = 0;
    // These go the way of claims: can_claim() holds for each.
    /// The oldest parked deliveries, up to counts[i] of subscription_ids[i].
    virtual void claim_parked(const std::vector<std::string>& subscription_ids, const std::vector<int>& counts,
                              const Look& look, ClaimDone done) = 0;
    virtual void endpoints(EndpointsDone done) = 0;
    virtual void record_breakers(const std::vector<BreakerChange>& changes, Done done) = 0;
    /// May record() be called now (connected, none outstanding)?
    [[nodiscard]] virtual bool can_record() const = 0;
    virtual void record(const std::vector<DeliveryResult>& results, const Look& look, RecordDone done) = 0;
    /// Makes partitions ahead and removes expired keys, beside claims and results. REQUIRES: no other maintain() is
    /// outstanding.
    virtual void maintain(MaintainDone done) = 0;
};

}  // namespace moai::store
