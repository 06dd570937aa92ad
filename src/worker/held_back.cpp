#include "worker/held_back.hpp"

#include <utility>

#include "log/log.hpp"

namespace moai::worker {

using namespace std::chrono_literals;

HeldBack::HeldBack(base::EventLoop& loop, std::function<void(store::DeliveryResult)> give_back,
                   std::function<void()> given_back)
    : loop_(loop), give_back_(std::move(give_back)), given_back_(std::move(given_back)), backoff_(500ms, 5s) {}

HeldBack::~HeldBack() { loop_.cancel(timer_); }

void HeldBack::hold(store::DeliveryResult result) {
    if (timer_ == 0) {
        log::warning("requests cannot be sent, a fault of this worker's own", {{"reason", result.error_detail}});
        timer_ = loop_.at(std::chrono::steady_clock::now() + backoff_.next(), [this] {
            timer_ = 0;
            give_back();
        });
    }
    held_.push_back(std::move(result));
}

void HeldBack::give_back() {
    loop_.cancel(std::exchange(timer_, 0));
    for (auto& result : std::exchange(held_, {})) {
        give_back_(std::move(result));
    }
    given_back_();
}

}  // namespace moai::worker
