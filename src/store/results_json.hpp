// What a worker tells the database, as the JSON text that moai.complete_deliveries and moai.record_breakers take.
#pragma once

#include <span>
#include <string>

#include "store/delivery_queue.hpp"

namespace moai::store {

/// A JSON array, one object per result. Whatever bytes a receiver sent, the text is one that PostgreSQL takes: response
/// bodies go as base64, and in the texts zero bytes and what is not UTF-8 become U+FFFD. Unset fields are left out.
[[nodiscard]] std::string results_to_json(std::span<const DeliveryResult> results);

/// What moai.record_breakers takes.
[[nodiscard]] std::string breakers_to_json(std::span<const BreakerChange> changes);

}  // namespace moai::store
