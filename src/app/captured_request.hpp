// An HTTP request as somebody wrote it down: with `nc -l`, tcpdump, or by hand from a log.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace moai::app {

/// A text that is no request, or not the whole of one. what() says what is missing, for people.
class NotARequest : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

struct CapturedRequest {
    std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
    std::string body;

    /// The values of all headers of this name, separated by single spaces; empty if there is none.
    [[nodiscard]] std::string header(std::string_view name) const;
};

/// A request line, which may be missing, headers, an empty line, and the body's bytes as they are: as many as
/// Content-Length says, or all that follow. Lines may end in LF alone. Throws NotARequest.
[[nodiscard]] CapturedRequest parse_captured_request(std::string_view text);

}  // namespace moai::app
