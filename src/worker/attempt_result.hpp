// What became of a delivery, in the form that is recorded.
#pragma once

#include "store/delivery_queue.hpp"
#include "worker/claimed.hpp"
#include "worker/transport.hpp"

namespace moai::worker {

/// The result of a delivery that was not sent: released or parked.
[[nodiscard]] store::DeliveryResult unsent_result(const store::ClaimedDelivery& delivery,
                                                  store::DeliveryResult::Outcome outcome);
/// Puts what the request came to into its result. Takes the texts out of `transfer`.
void put_transfer(store::DeliveryResult& result, TransferResult& transfer, const DatabaseClock& clock);

}  // namespace moai::worker
