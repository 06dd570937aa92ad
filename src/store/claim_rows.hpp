// From the rows of moai.claim_deliveries and moai.complete_deliveries to values.
#pragma once

#include "pg/result.hpp"
#include "store/delivery_queue.hpp"

namespace moai::store {

/// Throws std::out_of_range for a missing column and std::runtime_error for a text that is no number: the schema is not
/// ours.
[[nodiscard]] Claim claim_from_rows(const pg::Result& rows);
[[nodiscard]] Recorded recorded_from_rows(const pg::Result& rows);

/// The whole of `text` as a number. Throws std::runtime_error naming `column`.
[[nodiscard]] std::int64_t number_from_text(std::string_view text, const char* column);

}  // namespace moai::store
