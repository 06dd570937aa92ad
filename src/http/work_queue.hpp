// The threads on which handlers run, so that a slow database stalls requests but never sockets.
#pragma once

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
    explicit WorkQueue(std::size_t threads);
    ~WorkQueue();
    WorkQueue(const WorkQueue&) = delete;
    WorkQueue& operator=(const WorkQueue&) = delete;

    void push(std::function<void()> job);
    /// Waits for the jobs that run and drops those that wait. Later jobs are dropped too.
    void stop();

private:
    void work();

    std::mutex mutex_;
    std::condition_variable ready_;
    std::deque<std::function<void()>> jobs_;
    bool stopped_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace moai::http
