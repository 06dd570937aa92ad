// From a claimed delivery to the HTTP request that carries it.
#pragma once

#include <cstdint>

#include "delivery/keyring.hpp"
#include "store/delivery_queue.hpp"
#include "worker/transport.hpp"

namespace moai::delivery {

/// The signed request of one attempt; `timestamp` is Unix seconds by the database's clock, of this attempt.
/// Format "standard": {"type":…,"timestamp":…,"data":<the payload's bytes>}; "raw": the payload's bytes alone.
/// Throws std::invalid_argument for an unknown format, a secret that cannot be used or an id that cannot be signed.
/// start_deadline is left to the caller, who knows when the lease began.
[[nodiscard]] worker::OutgoingRequest build_request(const store::ClaimedDelivery& delivery, std::int64_t timestamp,
                                                    Keyring& keyring);

}  // namespace moai::delivery
