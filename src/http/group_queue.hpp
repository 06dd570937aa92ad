// Requests that are answered several at once: whatever waits when a thread comes free goes together.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace moai::http {

class Connection;

/// Groups form by themselves: a request that finds a thread idle is a group of one and waits for nobody; those that
/// come while all threads are busy wait, and go together. push() is safe from any thread.
class GroupQueue {
public:
    using Clock = std::chrono::steady_clock;

    struct Limits {
        std::size_t threads = 2;
        std::size_t members = 64;      ///< of one group
        std::size_t bytes = 1U << 20;  ///< of one group's bodies; one that is larger goes by itself
        std::size_t waiting = 1'000;   ///< members of no group yet
    };
    struct Member {
        std::shared_ptr<Connection> connection;
        std::size_t bytes = 0;
        Clock::time_point since;
    };
    /// Runs on the queue's threads; must not throw. The group is never empty, and in the order of push().
    using Run = std::function<void(std::vector<Member> group)>;

    GroupQueue(Limits limits, Run run);
    ~GroupQueue();
    GroupQueue(const GroupQueue&) = delete;
    GroupQueue& operator=(const GroupQueue&) = delete;

    /// False if it was dropped: too many wait, or stop() has begun.
    [[nodiscard]] bool push(std::shared_ptr<Connection> connection, std::size_t bytes);
    /// Waits for the groups that run and drops what waits. What is pushed later is dropped too.
    void stop();

private:
    void work();
    [[nodiscard]] std::vector<Member> take_group();

    const Limits limits_;
    const Run run_;
    std::mutex mutex_;
    std::condition_variable ready_;
    std::deque<Member> waiting_;
    bool stopped_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace moai::http
