// One mutex suffices: each job costs a database round trip.
#include "http/work_queue.hpp"

#include <utility>

namespace moai::http {

WorkQueue::WorkQueue(std::size_t threads, std::size_t capacity, Now now) : capacity_(capacity), now_(std::move(now)) {
    threads_.reserve(threads);
    for (std::size_t i = 0; i < threads; ++i) {
        threads_.emplace_back([this] { work(); });
    }
}

WorkQueue::~WorkQueue() { stop(); }

bool WorkQueue::push(Job job) {
    {
        const std::lock_guard lock(mutex_);
        if (stopped_ || jobs_.size() >= capacity_) {
            return false;
        }
        jobs_.push_back({std::move(job), now_()});
    }
    ready_.notify_one();
    return true;
}

void WorkQueue::stop() {
    std::deque<Waiting> dropped;  // destroyed outside the lock: a job may own the last of something
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
        Waiting next;
        {
            std::unique_lock lock(mutex_);
            ready_.wait(lock, [this] { return stopped_ || !jobs_.empty(); });
            if (stopped_) {
                return;
            }
            next = std::move(jobs_.front());
            jobs_.pop_front();
        }
        next.job(now_() - next.since);
    }
}

}  // namespace moai::http
