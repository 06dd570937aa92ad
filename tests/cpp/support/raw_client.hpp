// A client that sends exactly the bytes it is told to, for tests of what a well-behaved client never sends.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/unique_fd.hpp"

namespace moai::test {

struct RawResponse {
    int status = 0;
    std::map<std::string, std::string> headers;  ///< names in lower case
    std::string body;
};

/// A POST of JSON.
[[nodiscard]] std::string post_request(const std::string& path, const std::string& json);

/// Has the server of this port on 127.0.0.1 read whatever was sent to it? As the kernel tells (proc(5), /proc/net/tcp).
[[nodiscard]] bool has_read_everything(std::uint16_t port);

/// One TCP connection to 127.0.0.1. Not thread-safe. Waits are bounded: 10 s unless said otherwise.
class RawClient {
public:
    static constexpr std::chrono::milliseconds kPatience{10'000};

    /// Throws std::system_error if nobody listens. `receive_buffer` > 0 makes the kernel's buffer that small.
    explicit RawClient(std::uint16_t port, int receive_buffer = 0);

    /// Sends all of it; false if the server has closed (its answer may still be there to read).
    bool send(std::string_view bytes);
    /// No more will be sent; answers can still be read.
    void half_close();

    /// The next response, framed by Content-Length; nothing at end of stream, on a reset, or when patience ends.
    /// `head_only`: the response has no body whatever its Content-Length says.
    [[nodiscard]] std::optional<RawResponse> receive(bool head_only = false,
                                                     std::chrono::milliseconds patience = kPatience);
    /// The server has closed in an orderly way and sent nothing more.
    [[nodiscard]] bool closed(std::chrono::milliseconds patience = kPatience);
    /// Everything up to the end of the stream.
    [[nodiscard]] std::string receive_rest(std::chrono::milliseconds patience = kPatience);

private:
    enum class Got { data, end, failure };
    Got fill(std::chrono::steady_clock::time_point deadline);

    base::UniqueFd socket_;
    std::string buffer_;
};

}  // namespace moai::test
