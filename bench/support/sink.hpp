// The receiver of the benchmarks: one epoll thread that notes when the first byte of each request came, and answers.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/unique_fd.hpp"

namespace moai::bench {

/// Serves 127.0.0.1 on a port of its own until destroyed. Safe from any thread.
class Sink {
public:
    struct Arrival {
        std::int64_t first_byte_us;  ///< now_us()
        std::int64_t sent_at_us;     ///< "sent_at_us" of the body, 0 if there is none
        std::int64_t seq;            ///< "seq" of the body, 0 if there is none
        int endpoint;                ///< the number that the path is
    };
    enum class Answer { ok, unavailable, none };  ///< 200, 503, nothing: the request is read and never answered
    /// Decides on each request; called on the sink's thread, one at a time.
    using Rule = std::function<Answer(const Arrival&)>;

    /// Without a rule everything is answered 200.
    explicit Sink(Rule rule = nullptr);
    ~Sink();
    Sink(const Sink&) = delete;
    Sink& operator=(const Sink&) = delete;

    [[nodiscard]] std::string url(int endpoint = 0) const;
    [[nodiscard]] std::uint64_t requests() const noexcept { return requests_; }
    /// Requests whose body had a "sent_at_us".
    [[nodiscard]] std::uint64_t timed_requests() const noexcept { return timed_; }
    /// Wait until this many came; false if they did not before the deadline.
    [[nodiscard]] bool wait_for(std::uint64_t requests, std::chrono::steady_clock::time_point deadline) const;
    [[nodiscard]] bool wait_for_timed(std::uint64_t requests, std::chrono::steady_clock::time_point deadline) const;
    /// In the order in which they were complete.
    [[nodiscard]] std::vector<Arrival> arrivals() const;
    /// From the first request to the last.
    [[nodiscard]] std::chrono::duration<double> span() const;
    /// For the requests from now on.
    void set_rule(Rule rule);
    /// Forgets what came. REQUIRES: nothing is coming.
    void reset();

private:
    struct Peer;
    void serve();
    bool read_from(Peer& peer);
    Answer note(std::string_view request, std::size_t head, std::int64_t first_byte_us);

    base::UniqueFd listener_, epoll_, stop_;
    int port_ = 0;
    std::atomic<std::uint64_t> requests_{0}, timed_{0};
    mutable std::mutex mutex_;
    Rule rule_;
    std::vector<Arrival> arrivals_;
    std::chrono::steady_clock::time_point first_, last_;
    std::thread thread_;
};

/// Microseconds of CLOCK_REALTIME: publisher, PostgreSQL and sink share it.
[[nodiscard]] std::int64_t now_us();

}  // namespace moai::bench
