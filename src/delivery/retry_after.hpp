// How long an answer's Retry-After asks to be left alone.
#pragma once

#include <chrono>
#include <ctime>
#include <optional>
#include <string_view>

namespace moai::delivery {

/// A wish beyond this is cut to it: a slip of a receiver's must not hold its webhooks for longer than whoever has
/// mended it, and does not know of moai.resume_subscription, would wait for the next request.
constexpr std::chrono::seconds kLongestRetryAfter = std::chrono::hours(1);

/// `value` is the header's: a number of seconds, or an HTTP date, which is compared with `now` (RFC 9110, 10.2.3 and
/// 5.6.7). 0 to kLongestRetryAfter, a date in the past being 0; unset for anything else. Thread-safe.
[[nodiscard]] std::optional<std::chrono::seconds> retry_after(std::string_view value, std::time_t now);

}  // namespace moai::delivery
