// request_queue: the promises of src/http/request_queue.hpp, one test each.
#include "http/request_queue.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <vector>

namespace moai::http {
namespace {

using Group = std::vector<std::size_t>;  // members, known by their bytes

/// Notes each group, and holds the thread that runs it until it is let go: those first that began first.
class Runner {
public:
    explicit Runner(RequestQueue::Limits limits)
        : queue(limits, [this](const std::vector<RequestQueue::Member>& group) { run(group); }) {}
    ~Runner() { let_all_go(); }
    Runner(const Runner&) = delete;
    Runner& operator=(const Runner&) = delete;

    bool push(std::size_t bytes) { return queue.push(nullptr, bytes); }

    /// Waits until so many groups have begun, half a minute at most; those that have.
    std::vector<Group> begun(std::size_t count) {
        std::unique_lock lock(mutex_);
        EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(30), [&] { return groups_.size() >= count; }));
        return groups_;
    }
    void let_go(std::size_t count) {
        const std::lock_guard lock(mutex_);
        may_end_ += count;
        changed_.notify_all();
    }
    void let_all_go() { let_go(1'000'000); }

private:
    void run(const std::vector<RequestQueue::Member>& group) {
        std::unique_lock lock(mutex_);
        Group bytes;
        for (const auto& member : group) {
            bytes.push_back(member.bytes);
        }
        const std::size_t number = groups_.size();
        groups_.push_back(bytes);
        changed_.notify_all();
        changed_.wait(lock, [&] { return number < may_end_; });
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Group> groups_;
    std::size_t may_end_ = 0;

public:
    RequestQueue queue;  // last: its threads use all of the above
};

TEST(RequestQueue, WhoComesToAnIdleThreadWaitsForNobody) {
    Runner runner({.threads = 2, .members = 64});
    EXPECT_TRUE(runner.push(1));
    EXPECT_EQ(runner.begun(1), (std::vector<Group>{{1}}));
    EXPECT_TRUE(runner.push(2));
    EXPECT_EQ(runner.begun(2).back(), (Group{2}));
}

TEST(RequestQueue, WhoComesWhileAllThreadsAreBusyGoesTogetherInOrder) {
    Runner runner({.threads = 1, .members = 64});
    EXPECT_TRUE(runner.push(1));
    std::ignore = runner.begun(1);
    for (std::size_t member = 2; member <= 5; ++member) {
        EXPECT_TRUE(runner.push(member));
    }
    runner.let_go(1);
    EXPECT_EQ(runner.begun(2).back(), (Group{2, 3, 4, 5}));
}

/// Two threads; one runs a group of four, and one that has done so is idle.
struct Gathering : ::testing::Test {
    explicit Gathering(std::chrono::microseconds patience = std::chrono::hours(1))
        : runner({.threads = 2, .members = 64, .patience = patience}) {
        push(1, 1);
        std::ignore = runner.begun(1);
        push(2, 2);
        std::ignore = runner.begun(2);
        push(3, 6);
        runner.let_go(1);
        EXPECT_EQ(runner.begun(3).back(), (Group{3, 4, 5, 6}));
        push(7, 10);
        runner.let_go(1);
        EXPECT_EQ(runner.begun(4).back(), (Group{7, 8, 9, 10}));
        runner.let_go(1);
    }
    void push(std::size_t first, std::size_t last) {
        for (std::size_t member = first; member <= last; ++member) {
            EXPECT_TRUE(runner.push(member));
        }
    }
    Runner runner;
};

TEST_F(Gathering, AGroupBeginsWhenItIsAsLargeAsTheOneUnderWay) {
    push(11, 14);
    EXPECT_EQ(runner.begun(5).back(), (Group{11, 12, 13, 14}));
}

TEST_F(Gathering, ASmallerGroupBeginsWhenTheOneUnderWayEnds) {
    push(11, 12);
    runner.let_go(1);
    EXPECT_EQ(runner.begun(5).back(), (Group{11, 12}));
}

struct ImpatientGathering : Gathering {
    ImpatientGathering() : Gathering(std::chrono::milliseconds(1)) {}
};

TEST_F(ImpatientGathering, ASmallerGroupBeginsWhenItHasWaitedLongEnough) {
    push(11, 11);
    EXPECT_EQ(runner.begun(5).back(), (Group{11})) << "and the one under way has not ended";
}

TEST(RequestQueue, AGroupHasNoMoreMembersThanItMay) {
    Runner runner({.threads = 1, .members = 3});
    EXPECT_TRUE(runner.push(0));
    std::ignore = runner.begun(1);
    for (std::size_t member = 1; member <= 4; ++member) {
        EXPECT_TRUE(runner.push(member));
    }
    runner.let_all_go();
    EXPECT_EQ(runner.begun(3), (std::vector<Group>{{0}, {1, 2, 3}, {4}}));
}

TEST(RequestQueue, AGroupHasNoMoreBytesThanItMayAndALargerMemberGoesByItself) {
    Runner runner({.threads = 1, .members = 64, .bytes = 10});
    EXPECT_TRUE(runner.push(0));
    std::ignore = runner.begun(1);
    for (const std::size_t bytes : {4U, 6U, 1U, 11U, 1U}) {
        EXPECT_TRUE(runner.push(bytes));
    }
    runner.let_all_go();
    EXPECT_EQ(runner.begun(5), (std::vector<Group>{{0}, {4, 6}, {1}, {11}, {1}}));
}

TEST(RequestQueue, GoesOneByOneUnlessToldOtherwise) {
    Runner runner({.threads = 1});
    EXPECT_TRUE(runner.push(0));
    std::ignore = runner.begun(1);
    for (std::size_t member = 1; member <= 3; ++member) {
        EXPECT_TRUE(runner.push(member));
    }
    runner.let_all_go();
    EXPECT_EQ(runner.begun(4), (std::vector<Group>{{0}, {1}, {2}, {3}}));
}

TEST(RequestQueue, RunsAsManyGroupsAtOnceAsItHasThreads) {
    Runner runner({.threads = 3});
    for (std::size_t member = 0; member < 3; ++member) {
        EXPECT_TRUE(runner.push(member));
    }
    EXPECT_EQ(runner.begun(3).size(), 3U) << "none of them has ended";
}

TEST(RequestQueue, WhatAGroupLeavesBehindGoesToAnIdleThreadAtOnce) {
    Runner runner({.threads = 4, .members = 64, .bytes = 10, .patience = std::chrono::milliseconds(1)});
    for (std::size_t thread = 1; thread <= 4; ++thread) {
        EXPECT_TRUE(runner.push(1));
        std::ignore = runner.begun(thread);
    }
    for (int member = 0; member < 4; ++member) {
        EXPECT_TRUE(runner.push(2));
    }
    runner.let_go(4);
    EXPECT_EQ(runner.begun(5).back(), (Group{2, 2, 2, 2}));
    // It waits for others as long as patience lets it, while which the last two threads become idle.
    EXPECT_TRUE(runner.push(3));
    EXPECT_EQ(runner.begun(6).back(), (Group{3}));
    // One of them waits for more than these, which are too large to go together, and takes the first.
    EXPECT_TRUE(runner.push(11));
    EXPECT_TRUE(runner.push(12));
    EXPECT_EQ(runner.begun(8).size(), 8U);
}

TEST(RequestQueue, DropsWhatComesWhenTooManyWait) {
    Runner runner({.threads = 1, .waiting = 2});
    EXPECT_TRUE(runner.push(0));
    std::ignore = runner.begun(1);
    EXPECT_TRUE(runner.push(1));
    EXPECT_TRUE(runner.push(2));
    EXPECT_FALSE(runner.push(3));
}

TEST(RequestQueue, StopWaitsForWhatRunsAndDropsWhatWaits) {
    Runner runner({.threads = 1, .members = 64});
    EXPECT_TRUE(runner.push(0));
    std::ignore = runner.begun(1);
    EXPECT_TRUE(runner.push(1));
    runner.let_go(1);
    runner.let_all_go();
    runner.queue.stop();
    EXPECT_FALSE(runner.push(2));
    EXPECT_LE(runner.begun(1).size(), 2U);
}

}  // namespace
}  // namespace moai::http
