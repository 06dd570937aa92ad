// The load on the API: one epoll thread with many kept-alive connections, in a closed loop or at a given rate.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace moai::bench {

struct HttpLoad {
    int port = 0;
    int connections = 32;
    double seconds = 10;
    /// Requests per second; 0: each connection asks again as soon as it is answered.
    double rate = 0;
    /// POST /events of type "bench" with payload(), numbered from here; 0: GET /health/live, which no database answers.
    std::int64_t first_seq = 1;
    std::string idempotency_key{};  ///< of every POST; empty: none
    std::string expected = "2";     ///< how the status of an accepted answer begins
};

struct HttpLoadResult {
    std::uint64_t accepted = 0;           ///< answered as expected
    std::uint64_t refused = 0;            ///< answered otherwise, cut off, or not answered within 10 s of the end
    double seconds = 0;                   ///< from the first request to the last answer
    std::vector<std::int64_t> answer_us;  ///< of the accepted, sorted; at a given rate from the time it was due
};

/// Runs on the calling thread. At a given rate, "sent_at_us" is when the request was due, so that a late sender counts
/// as latency. Throws std::system_error if it cannot connect.
[[nodiscard]] HttpLoadResult run_http_load(const HttpLoad& load);

/// Whether GET `path` is answered 200 on this port.
[[nodiscard]] bool answers(int port, const std::string& path);
/// The whole answer to GET, its head included. Throws std::system_error, or std::runtime_error unless it is a 200.
[[nodiscard]] std::string get(int port, const std::string& path);

}  // namespace moai::bench
