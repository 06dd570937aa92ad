// One mutex suffices: each job costs a database round trip.
#include "http/work_queue.hpp"

#include <utility>

namespace moai::http {

WorkQueue::WorkQueue(std::size_t threads) {
    threads_.reserve(threads);
    for (std::size_t i = 0; i < threads; ++i) {
        threads_.emplace_back([this] { work(); });
    }
}

WorkQueue::~WorkQueue() { stop(); }

void WorkQueue::push(std::function<void()> job) {
    {
        const std::lock_guard lock(mutex_);
        if (stopped_) {
            return;
        }
        jobs_.push_back(std::move(job));
    }
    ready_.notify_one();
}

void WorkQueue::stop() {
    std::deque<std::function<void()>> dropped;  // destroyed outside the lock: a job may own the last of something
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        dropped.swap(jobs_);
    }
    ready_.notify_all();
    for (std::thread& thread : threads_) {
        if (thread.joinable()) {
            thread.join();
        }
    }
}

void WorkQueue::work() {
    for (;;) {
        std::function<void()> job;
        {
            std::unique_lock lock(mutex_);
            ready_.wait(lock, [this] { return stopped_ || !jobs_.empty(); });
            if (stopped_) {
                return;
            }
            job = std::move(jobs_.front());
            jobs_.pop_front();
        }
        job();
    }
}

}  // namespace moai::http
