// Writes an api::Response as the bytes of an HTTP/1.x response.
#pragma once

#include <string>
#include <string_view>

#include "api/request.hpp"

namespace moai::http {

struct ResponseFraming {
    bool keep_alive = true;
    bool head_only = false;  ///< an answer to HEAD: the length of the body, but not the body
    std::string_view request_id;
};

/// Adds Content-Length (never to a 204, which must not have one), Connection and X-Request-Id.
/// A header of the response whose name or value could break the framing is left out.
[[nodiscard]] std::string response_text(const api::Response& response, const ResponseFraming& framing);

}  // namespace moai::http
