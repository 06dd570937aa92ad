// Would a receiver have taken this request? And if not, why not?
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "app/captured_request.hpp"

namespace moai::app {

struct RequestCheck {
    bool verified = false;
    std::string verdict;        ///< "accepted", or why not, for people
    std::string hint;           ///< where to look then
    std::string id, timestamp;  ///< as the headers say, verified or not
};

/// By the rules of Standard Webhooks 1.0.0; `now` is Unix time. A wrong signature is told before a wrong time: only a
/// time that was signed can be trusted. Throws Failure(configuration) for a secret that is none.
[[nodiscard]] RequestCheck check_request(const CapturedRequest& request, const std::string& secret, std::int64_t now,
                                         std::chrono::seconds tolerance);

}  // namespace moai::app
