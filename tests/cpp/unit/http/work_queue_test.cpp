// work_queue: the promises of src/http/work_queue.hpp, one test each.
#include "http/work_queue.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <vector>

namespace moai::http {
namespace {

TEST(WorkQueue, RunsJobsInOrder) {
    WorkQueue queue(1);
    std::vector<int> ran;
    std::promise<void> done;
    for (int i = 0; i < 100; ++i) {
        queue.push([&ran, i] { ran.push_back(i); });
    }
    queue.push([&done] { done.set_value(); });
    done.get_future().wait();
    ASSERT_EQ(ran.size(), 100U);
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(ran[static_cast<std::size_t>(i)], i);
    }
}

TEST(WorkQueue, StopWaitsForTheJobThatRunsAndDropsTheOthers) {
    WorkQueue queue(1);
    std::promise<void> running;
    std::promise<void> go_on;
    std::atomic<int> finished{0};
    queue.push([&] {
        running.set_value();
        go_on.get_future().wait();
        ++finished;
    });
    queue.push([&] { ++finished; });
    running.get_future().wait();
    auto stopped = std::async(std::launch::async, [&] { queue.stop(); });
    // The waiting job is dropped as stop() begins; a job pushed afterwards never runs.
    EXPECT_EQ(stopped.wait_for(std::chrono::milliseconds(50)), std::future_status::timeout);
    go_on.set_value();
    stopped.get();
    queue.push([&] { ++finished; });
    EXPECT_EQ(finished, 1);
}

}  // namespace
}  // namespace moai::http
