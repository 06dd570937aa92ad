// Requests on their way from the I/O threads to those that answer them, so that a slow database stalls requests but
// never sockets.
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

/// First in, first out, one by one or, where a group may have several members, together: then groups form by
/// themselves. A request that finds all threads idle is a group of one and waits for nobody; those that come while
/// groups are under way wait, for a moment, until they are as many as those have on average, and go together. Without
/// that one thread takes nearly all and the other the few that come meanwhile, again and again: clients that ask anew
/// when they are answered stay in the group they were in. push() is safe from any thread.
class RequestQueue {
public:
    using Clock = std::chrono::steady_clock;

    struct Limits {
        std::size_t threads = 2;
        std::size_t members = 1;       ///< of one group
        std::size_t bytes = 1U << 20;  ///< of one group's bodies; one that is larger goes by itself
        std::size_t waiting = 1'000;   ///< members of no group yet
        /// How long the first of a group that is smaller than those under way waits for others, with an idle thread.
        std::chrono::microseconds patience{1'000};
    };
    struct Member {
        std::shared_ptr<Connection> connection;
        std::size_t bytes = 0;
        Clock::time_point since;
    };
    /// Runs on the queue's threads; must not throw. The group is never empty, and in the order of push().
    using Run = std::function<void(std::vector<Member> group)>;

    RequestQueue(Limits limits, Run run);
    ~RequestQueue();
    RequestQueue(const RequestQueue&) = delete;
    RequestQueue& operator=(const RequestQueue&) = delete;

    /// False if it was dropped: too many wait, or stop() has begun.
    [[nodiscard]] bool push(std::shared_ptr<Connection> connection, std::size_t bytes);
    /// Waits for the groups that run and drops what waits. What is pushed later is dropped too.
    void stop();

private:
    void work();
    [[nodiscard]] bool are_enough() const;
    [[nodiscard]] std::vector<Member> take_group();

    const Limits limits_;
    const Run run_;
    std::mutex mutex_;
    std::condition_variable ready_;
    std::deque<Member> waiting_;
    std::size_t groups_under_way_ = 0, members_under_way_ = 0;
    bool stopped_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace moai::http
