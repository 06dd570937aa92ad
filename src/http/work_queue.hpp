// The threads on which handlers run, so that a slow database stalls requests but never sockets.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace moai::http {

/// Runs jobs first in, first out. push() is safe from any thread; a job must not throw.
class WorkQueue {
public:
    using Clock = std::chrono::steady_clock;
    /// Told how long it has waited for its thread.
    using Job = std::function<void(Clock::duration waited)>;
    using Now = std::function<Clock::time_point()>;

    /// At most `capacity` jobs wait. `now` is called from any thread.
    WorkQueue(std::size_t threads, std::size_t capacity, Now now = Clock::now);
    ~WorkQueue();
    WorkQueue(const WorkQueue&) = delete;
    WorkQueue& operator=(const WorkQueue&) = delete;

    /// False if the job was dropped: the queue is full, or stop() has begun.
    [[nodiscard]] bool push(Job job);
    /// Waits for the jobs that run and drops those that wait. Later jobs are dropped too.
    void stop();

private:
    struct Waiting {
        Job job;
        Clock::time_point since;
    };

    void work();

    const std::size_t capacity_;
    const Now now_;
    std::mutex mutex_;
    std::condition_variable ready_;
    std::deque<Waiting> jobs_;
    bool stopped_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace moai::http
