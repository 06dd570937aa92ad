#include "http/request_queue.hpp"

#include <utility>

namespace moai::http {

RequestQueue::RequestQueue(Limits limits, Run run) : limits_(limits), run_(std::move(run)) {
    threads_.reserve(limits_.threads);
    for (std::size_t i = 0; i < limits_.threads; ++i) {
        threads_.emplace_back([this] { work(); });
    }
}

RequestQueue::~RequestQueue() { stop(); }

bool RequestQueue::push(std::shared_ptr<Connection> connection, std::size_t bytes) {
    bool is_time = false;
    {
        const std::lock_guard lock(mutex_);
        if (stopped_ || waiting_.size() >= limits_.waiting) {
            return false;
        }
        waiting_.push_back({std::move(connection), bytes, Clock::now()});
        // The first one starts the clock; a thread that waits for enough need not look at each that comes.
        is_time = waiting_.size() == 1 || are_enough();
    }
    if (is_time) {
        ready_.notify_one();
    }
    return true;
}

void RequestQueue::stop() {
    std::deque<Member> dropped;  // destroyed outside the lock: a member may be the last to own its connection
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        dropped.swap(waiting_);
    }
    ready_.notify_all();
    for (std::thread& thread : threads_) {
        if (thread.joinable()) {
            thread.join();
        }
    }
}

void RequestQueue::work() {
    std::unique_lock lock(mutex_);
    for (;;) {
        ready_.wait(lock, [this] { return stopped_ || !waiting_.empty(); });
        if (!stopped_ && !are_enough()) {
            ready_.wait_until(lock, waiting_.front().since + limits_.patience,
                              [this] { return stopped_ || waiting_.empty() || are_enough(); });
        }
        if (stopped_) {
            return;
        }
        if (waiting_.empty()) {
            continue;  // they went with a thread whose group has ended meanwhile
        }
        std::vector<Member> group = take_group();
        const std::size_t members = group.size();
        ++groups_under_way_;
        members_under_way_ += members;
        const bool others_wait = !waiting_.empty();
        lock.unlock();
        if (others_wait) {
            ready_.notify_one();  // who pushed them may have told this thread
        }
        run_(std::move(group));
        lock.lock();
        --groups_under_way_;
        members_under_way_ -= members;
    }
}

/// REQUIRES: the lock is held.
bool RequestQueue::are_enough() const {
    return waiting_.size() >= limits_.members || waiting_.size() * groups_under_way_ >= members_under_way_;
}

/// REQUIRES: the lock is held, and somebody waits.
std::vector<RequestQueue::Member> RequestQueue::take_group() {
    std::vector<Member> group;
    std::size_t bytes = 0;
    do {
        bytes += waiting_.front().bytes;
        group.push_back(std::move(waiting_.front()));
        waiting_.pop_front();
    } while (!waiting_.empty() && group.size() < limits_.members && bytes + waiting_.front().bytes <= limits_.bytes);
    return group;
}

}  // namespace moai::http
