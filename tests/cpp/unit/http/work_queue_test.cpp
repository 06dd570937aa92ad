// work_queue: the promises of src/http/work_queue.hpp, one test each.
#include "http/work_queue.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <thread>
#include <vector>

namespace moai::http {
namespace {

using namespace std::chrono_literals;
using Clock = WorkQueue::Clock;

constexpr std::size_t kPlenty = 1'000'000'000;

/// Holds the only thread of a queue until it is let go.
class Gate {
public:
    explicit Gate(WorkQueue& queue) {
        EXPECT_TRUE(queue.push([this](Clock::duration) {
            running_.set_value();
            open_.get_future().wait();
        }));
        running_.get_future().wait();
    }
    void open() { open_.set_value(); }

private:
    std::promise<void> running_;
    std::promise<void> open_;
};

TEST(WorkQueue, RunsJobsInOrder) {
    std::vector<int> ran;
    std::promise<void> done;
    WorkQueue queue(1, kPlenty);
    for (int i = 0; i < 100; ++i) {
        EXPECT_TRUE(queue.push([&ran, i](Clock::duration) { ran.push_back(i); }));
    }
    EXPECT_TRUE(queue.push([&done](Clock::duration) { done.set_value(); }));
    done.get_future().wait();
    ASSERT_EQ(ran.size(), 100U);
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(ran[static_cast<std::size_t>(i)], i);
    }
}

TEST(WorkQueue, TellsEachJobHowLongItWaited) {
    std::promise<Clock::duration> early;
    std::promise<Clock::duration> late;
    std::atomic<Clock::duration> time{0s};
    WorkQueue queue(1, kPlenty, [&] { return Clock::time_point(time.load()); });
    Gate gate(queue);
    EXPECT_TRUE(queue.push([&](Clock::duration waited) { early.set_value(waited); }));
    time = 4s;
    EXPECT_TRUE(queue.push([&](Clock::duration waited) { late.set_value(waited); }));
    time = 7s;
    gate.open();
    EXPECT_EQ(early.get_future().get(), 7s);
    EXPECT_EQ(late.get_future().get(), 3s);
}

TEST(WorkQueue, TakesNoMoreJobsThanItsCapacityUntilOneHasBegun) {
    std::promise<void> begun;
    WorkQueue queue(1, 2);
    Gate gate(queue);
    EXPECT_TRUE(queue.push([](Clock::duration) {}));
    EXPECT_TRUE(queue.push([&](Clock::duration) { begun.set_value(); }));
    EXPECT_FALSE(queue.push([](Clock::duration) {}));
    gate.open();
    begun.get_future().wait();
    EXPECT_TRUE(queue.push([](Clock::duration) {}));
}

TEST(WorkQueue, StopWaitsForTheJobThatRunsAndDropsTheOthers) {
    std::atomic<int> ran{0};
    WorkQueue queue(1, kPlenty);
    Gate gate(queue);
    const auto count = [&](Clock::duration) { ++ran; };
    EXPECT_TRUE(queue.push(count));
    auto stopped = std::async(std::launch::async, [&] { queue.stop(); });
    while (queue.push(count)) {
        std::this_thread::yield();
    }
    // stop() has begun: it has dropped what waited, and must not return as long as the gate is shut.
    EXPECT_EQ(stopped.wait_for(0s), std::future_status::timeout);
    gate.open();
    stopped.get();
    EXPECT_FALSE(queue.push(count));
    EXPECT_EQ(ran, 0);
}

}  // namespace
}  // namespace moai::http
