// ReceiverLog: everything under one mutex, counts kept beside what is counted.
#include "support/receiver_log.hpp"

namespace moai::test {

std::uint64_t ReceiverLog::opened() {
    const std::lock_guard lock(mutex_);
    ++counts_.open;
    return ++counts_.accepted;
}

void ReceiverLog::closed() {
    {
        const std::lock_guard lock(mutex_);
        --counts_.open;
    }
    changed_.notify_all();
}

void ReceiverLog::sent(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    counts_.bytes_sent += bytes;
}

void ReceiverLog::add(ReceivedRequest request) {
    {
        const std::lock_guard lock(mutex_);
        std::string webhook_id = request.header("webhook-id");
        if (!webhook_id.empty()) {
            distinct_.emplace(std::move(webhook_id), request.header("moai-subscription-id"));
        }
        recorded_.push_back(std::move(request));
        counts_.requests = recorded_.size();
        counts_.distinct = distinct_.size();
    }
    changed_.notify_all();
}

void ReceiverLog::clear() {
    const std::lock_guard lock(mutex_);
    recorded_.clear();
    distinct_.clear();
    counts_.requests = counts_.distinct = 0;
}

std::vector<ReceivedRequest> ReceiverLog::requests() const {
    const std::lock_guard lock(mutex_);
    return recorded_;
}

ReceiverLog::Counts ReceiverLog::counts() const {
    const std::lock_guard lock(mutex_);
    return counts_;
}

}  // namespace moai::test
