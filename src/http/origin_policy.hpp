// Which requests a web page of another site may have made: the defence of a server that trusts its network against
// browsers inside of it.
#pragma once

#include <optional>

#include "api/problem.hpp"
#include "http/request_framer.hpp"

namespace moai::http {

/// The objection (403) to a request that changes something and says that it comes from a page of another origin: by
/// Sec-Fetch-Site, or by an Origin that is not http or https with this request's own Host. GET and HEAD change nothing,
/// and a page cannot read what they answer. Clients that are no browsers send neither header.
[[nodiscard]] std::optional<api::Problem> cross_origin_objection(const FramedRequest& request);

}  // namespace moai::http
