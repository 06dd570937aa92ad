// From a claimed delivery to its result: the request is made, carried, timed and counted.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "metrics/registry.hpp"
#include "store/delivery_queue.hpp"
#include "worker/claimed.hpp"
#include "worker/transport.hpp"

namespace moai::worker {

/// Makes the request of a delivery; `unix_seconds` is the database's time now, for webhook-timestamp and the signature.
using BuildRequest = std::function<OutgoingRequest(const store::ClaimedDelivery&, std::int64_t unix_seconds)>;

/// Sends claimed deliveries so that each result can be recorded while the lease lasts. Not thread-safe; lives on the
/// loop's thread. The transport and the registry must outlive it.
class Sender {
public:
    /// What became of a request. `transfer` has given its texts to the result; not called from within send().
    using Ended = std::function<void(store::DeliveryResult result, const TransferResult& transfer)>;

    Sender(Transport& transport, BuildRequest build_request, metrics::Registry& metrics)
        : transport_(transport), build_request_(std::move(build_request)), metrics_(metrics) {}

    /// Unset: it was sent, and `ended` tells the rest. Otherwise it cannot be made into a request (its secret was
    /// edited by hand, say), and this is the result.
    [[nodiscard]] std::optional<store::DeliveryResult> send(const Claimed& claimed, Ended ended);

private:
    void count(const store::DeliveryResult& result, const TransferResult& transfer, std::int64_t published_at_us);

    Transport& transport_;
    BuildRequest build_request_;
    metrics::Registry& metrics_;
};

}  // namespace moai::worker
