// As much of HTTP/1.1 as a fake receiver needs: requests out of bytes, heads of answers into bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "support/fake_receiver.hpp"

namespace moai::test {

/// What the first bytes of a connection turned out to be.
enum class Framing { incomplete, complete, not_http, tls };

/// Takes one request off the front of `input`, if it is there as a whole, and puts it into `request`.
[[nodiscard]] Framing take_request(std::string& input, ReceivedRequest& request);

/// Whether the client asked for the connection to be closed.
[[nodiscard]] bool asks_to_close(const ReceivedRequest& request);

/// Status line, headers and empty line of an answer that announces `length` bytes of body.
[[nodiscard]] std::string head_of(const Answer& answer, std::uint64_t length);

}  // namespace moai::test
