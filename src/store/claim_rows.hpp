// From the rows of moai.claim_deliveries, moai.complete_deliveries, moai.endpoints and moai.maintain to values.
#pragma once

#include "pg/result.hpp"
#include "store/delivery_queue.hpp"

namespace moai::store {

/// Throws std::out_of_range for a missing column and std::runtime_error for a text that is no number: the schema is not
/// ours.
[[nodiscard]] Claim claim_from_rows(const pg::Result& rows);
[[nodiscard]] std::vector<KnownEndpoint> endpoints_from_rows(const pg::Result& rows);
[[nodiscard]] Recorded recorded_from_rows(const pg::Result& rows);
/// Did moai.maintain remove keys? It takes a limited number in one call, so that more may be left.
[[nodiscard]] bool more_to_maintain(const pg::Result& rows);

/// The whole of `text` as a number. Throws std::runtime_error naming `column`.
[[nodiscard]] std::int64_t number_from_text(std::string_view text, const char* column);

}  // namespace moai::store
