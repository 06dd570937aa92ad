// What a fake receiver has seen: written on its thread, read by the test's.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace moai::test {

/// One request as it arrived.
struct ReceivedRequest {
    std::chrono::steady_clock::time_point arrived_at;  ///< when its first byte was read
    std::uint64_t connection = 0;                      ///< which TCP connection it came on, counted from 1
    std::string method, path, version, body;
    std::vector<std::pair<std::string, std::string>> headers;  ///< in their order, names in lower case

    /// The value of the first header of that (lower-case) name; empty if there is none.
    [[nodiscard]] std::string header(std::string_view name) const;
};

/// Safe from any thread.
class ReceiverLog {
public:
    struct Counts {
        std::size_t requests = 0, distinct = 0, accepted = 0, open = 0;
        std::uint64_t bytes_sent = 0;
    };

    /// The number of the new connection, counted from 1.
    std::uint64_t opened();
    void closed();
    void sent(std::uint64_t bytes);
    void add(ReceivedRequest request);
    /// Forgets the requests.
    void clear();

    [[nodiscard]] std::vector<ReceivedRequest> requests() const;
    [[nodiscard]] Counts counts() const;
    /// Waits until `holds` of the counts; false if `patience` ends first.
    template <typename Condition>
    [[nodiscard]] bool wait(std::chrono::milliseconds patience, Condition holds) const {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, patience, [&] { return holds(counts_); });
    }

private:
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    std::vector<ReceivedRequest> recorded_;
    std::set<std::pair<std::string, std::string>> distinct_;
    Counts counts_;
};

}  // namespace moai::test
