// The receiver of the benchmarks: one epoll thread that answers 200 and notes when the first byte of each request came.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/unique_fd.hpp"

namespace moai::bench {

/// Serves 127.0.0.1 on a port of its own until destroyed. Counters are safe from any thread.
class Sink {
public:
    /// `hold`: read requests and never answer them.
    explicit Sink(bool hold = false);
    ~Sink();
    Sink(const Sink&) = delete;
    Sink& operator=(const Sink&) = delete;

    [[nodiscard]] std::string url() const;
    [[nodiscard]] std::uint64_t requests() const noexcept { return requests_; }
    /// Waits until this many requests came; false if they did not before the deadline.
    [[nodiscard]] bool wait_for(std::uint64_t requests, std::chrono::steady_clock::time_point deadline) const;
    /// Microseconds from the "sent_at_us" in each body to the arrival of its first byte.
    [[nodiscard]] std::vector<std::int64_t> latencies_us() const;
    /// When the first and the last request came.
    [[nodiscard]] std::chrono::duration<double> span() const;

private:
    struct Peer;
    void serve();
    bool read_from(Peer& peer);

    const bool hold_;
    base::UniqueFd listener_, epoll_, stop_;
    int port_ = 0;
    std::atomic<std::uint64_t> requests_{0};
    mutable std::mutex mutex_;
    std::vector<std::int64_t> latencies_us_;
    std::chrono::steady_clock::time_point first_, last_;
    std::thread thread_;
};

/// Microseconds of CLOCK_REALTIME: publisher and sink share it.
[[nodiscard]] std::int64_t now_us();

}  // namespace moai::bench
