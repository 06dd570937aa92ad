// EventLoop: order and exactness of timers, watches changed under way, calls from other threads, idleness.
#include "base/event_loop.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <csignal>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/unique_fd.hpp"

namespace {

using moai::base::EventLoop;
using moai::base::UniqueFd;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

struct SocketPair {
    UniqueFd a, b;
    SocketPair() {
        std::array<int, 2> fds{};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds.data()) != 0) {
            throw std::runtime_error("socketpair");
        }
        a.reset(fds[0]);
        b.reset(fds[1]);
    }
    void write_to_a() const { ASSERT_EQ(::write(b.get(), "x", 1), 1); }
};

TEST(EventLoop, RunsTimersInOrderOfTimeAndNeverEarly) {
    EventLoop loop;
    std::vector<int> order;
    const auto start = Clock::now();
    const auto expect = [&](int number, milliseconds delay) {
        return [&, number, delay] {
            EXPECT_GE(Clock::now(), start + delay);
            order.push_back(number);
        };
    };
    (void)loop.at(start + milliseconds(20), expect(3, milliseconds(20)));
    (void)loop.at(start + milliseconds(5), expect(1, milliseconds(5)));
    (void)loop.at(start + milliseconds(5), expect(2, milliseconds(5)));
    (void)loop.at(start - milliseconds(5), expect(0, milliseconds(0)));
    (void)loop.at(start + milliseconds(25), [&] { loop.stop(); });
    loop.run();
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3}));
}

TEST(EventLoop, StartsATimerWithinMillisecondsOfItsTime) {
    EventLoop loop;
    std::chrono::nanoseconds best_late = std::chrono::hours(1);
    int rounds = 0;
    std::function<void(Clock::time_point)> round = [&](Clock::time_point due) {
        best_late = std::min<std::chrono::nanoseconds>(best_late, Clock::now() - due);
        if (++rounds == 20) {
            loop.stop();
            return;
        }
        const auto next = Clock::now() + milliseconds(2);
        (void)loop.at(next, [&, next] { round(next); });
    };
    const auto first = Clock::now() + milliseconds(2);
    (void)loop.at(first, [&] { round(first); });
    loop.run();
    // The best of twenty, so that a busy machine does not fail it; a loop with millisecond ticks would.
    EXPECT_LT(best_late, std::chrono::microseconds(900));
}

TEST(EventLoop, DoesNotRunACancelledTimer) {
    EventLoop loop;
    bool ran = false;
    const auto start = Clock::now();
    const auto victim = loop.at(start + milliseconds(4), [&] { ran = true; });
    (void)loop.at(start + milliseconds(2), [&] { loop.cancel(victim); });
    (void)loop.at(start + milliseconds(8), [&] { loop.stop(); });
    loop.cancel(0);
    loop.run();
    loop.cancel(victim);
    EXPECT_FALSE(ran);
}

TEST(EventLoop, ATimerMayCancelAnotherThatIsDueInTheSameRound) {
    EventLoop loop;
    bool ran = false;
    EventLoop::TimerId second = 0;
    const auto past = Clock::now() - milliseconds(1);
    (void)loop.at(past, [&] { loop.cancel(second); });
    second = loop.at(past, [&] { ran = true; });
    (void)loop.at(Clock::now() + milliseconds(2), [&] { loop.stop(); });
    loop.run();
    EXPECT_FALSE(ran);
}

TEST(EventLoop, ATimerThatSetsItselfAnewLeavesDescriptorsTheirTurn) {
    EventLoop loop;
    SocketPair pair;
    std::function<void()> again = [&] { (void)loop.at(Clock::now(), again); };
    again();
    loop.watch(pair.a.get(), EPOLLIN, [&](std::uint32_t) { loop.stop(); });
    pair.write_to_a();
    loop.run();
}

TEST(EventLoop, CallsTheWatchOfAReadyDescriptorWithItsEvents) {
    EventLoop loop;
    SocketPair pair;
    std::uint32_t seen = 0;
    loop.watch(pair.a.get(), EPOLLIN, [&](std::uint32_t events) {
        seen = events;
        loop.stop();
    });
    pair.write_to_a();
    loop.run();
    EXPECT_EQ(seen, static_cast<std::uint32_t>(EPOLLIN));
}

TEST(EventLoop, RewatchKeepsTheCallbackAndWatchReplacesIt) {
    EventLoop loop;
    SocketPair pair;
    std::string calls;
    loop.watch(pair.a.get(), EPOLLIN, [&](std::uint32_t) {
        calls += "first ";
        loop.watch(pair.a.get(), EPOLLOUT, [&](std::uint32_t) {
            calls += "second";
            loop.stop();
        });
    });
    loop.rewatch(pair.a.get(), EPOLLOUT);
    loop.run();
    EXPECT_EQ(calls, "first second");
    EXPECT_THROW(loop.rewatch(pair.b.get(), EPOLLIN), std::logic_error);
}

TEST(EventLoop, AnUnwatchedDescriptorIsNotCalledEvenIfItWasReadyInTheSameRound) {
    EventLoop loop;
    SocketPair one;
    SocketPair two;
    int calls = 0;
    const auto only_one_may_run = [&](std::uint32_t) {
        ++calls;
        loop.unwatch(one.a.get());
        loop.unwatch(two.a.get());
        (void)loop.at(Clock::now() + milliseconds(2), [&] { loop.stop(); });
    };
    loop.watch(one.a.get(), EPOLLIN, only_one_may_run);
    loop.watch(two.a.get(), EPOLLIN, only_one_may_run);
    one.write_to_a();
    two.write_to_a();
    loop.run();
    EXPECT_EQ(calls, 1);
}

TEST(EventLoop, ANumberThatIsUsedAgainDoesNotInheritTheOldReadiness) {
    EventLoop loop;
    SocketPair one;
    SocketPair two;
    bool wrong = false;
    // Whichever comes first closes the other and watches a fresh, silent socket under the same number.
    const auto replace = [&](SocketPair& other) {
        return [&](std::uint32_t) {
            const int number = other.a.get();
            loop.unwatch(number);
            SocketPair fresh;
            ASSERT_EQ(::dup3(fresh.a.get(), number, O_CLOEXEC), number);
            loop.watch(number, EPOLLIN, [&](std::uint32_t events) { wrong = wrong || events != 0; });
            other.b = std::move(fresh.b);
            loop.unwatch(&other == &one ? two.a.get() : one.a.get());
            (void)loop.at(Clock::now() + milliseconds(3), [&] { loop.stop(); });
        };
    };
    loop.watch(one.a.get(), EPOLLIN, replace(two));
    loop.watch(two.a.get(), EPOLLIN, replace(one));
    one.write_to_a();
    two.write_to_a();
    loop.run();
    EXPECT_FALSE(wrong);
}

TEST(EventLoop, ADescriptorClosedWithoutUnwatchCanBeWatchedAgainUnderItsNumber) {
    EventLoop loop;
    SocketPair old;
    loop.watch(old.a.get(), EPOLLIN, [](std::uint32_t) { FAIL(); });
    const int number = old.a.get();
    SocketPair fresh;
    ASSERT_EQ(::dup3(fresh.a.get(), number, O_CLOEXEC), number);
    loop.watch(number, EPOLLIN, [&](std::uint32_t) { loop.stop(); });
    fresh.write_to_a();
    loop.run();
    loop.unwatch(number);
    loop.unwatch(number);
}

TEST(EventLoop, RunsPostedCallsOfOtherThreadsInOrderOnItsOwn) {
    EventLoop loop;
    std::vector<int> order;
    std::vector<std::thread::id> threads;
    std::thread other([&] {
        for (int i = 0; i < 1000; ++i) {
            loop.post([&, i] {
                order.push_back(i);
                threads.push_back(std::this_thread::get_id());
            });
        }
        loop.post([&] { loop.stop(); });
    });
    loop.run();
    other.join();
    ASSERT_EQ(order.size(), 1000U);
    for (int i = 0; i < 1000; ++i) {
        ASSERT_EQ(order.at(static_cast<std::size_t>(i)), i);
        ASSERT_EQ(threads.at(static_cast<std::size_t>(i)), std::this_thread::get_id());
    }
}

TEST(EventLoop, StopEndsTheRunBeforeTheNextCallback) {
    EventLoop loop;
    int calls = 0;
    for (int i = 0; i < 3; ++i) {
        loop.post([&] {
            ++calls;
            loop.stop();
        });
    }
    loop.run();
    EXPECT_EQ(calls, 1);
    loop.run();
    EXPECT_EQ(calls, 2);
    loop.run();
    EXPECT_EQ(calls, 3);
}

TEST(EventLoop, AStopBeforeRunEndsTheNextRunAtOnce) {
    EventLoop loop;
    loop.stop();
    loop.run();
    EXPECT_EQ(loop.wakeups(), 0U);
}

TEST(EventLoop, ASignalHandlerMayStopIt) {
    EventLoop loop;
    static EventLoop* target = nullptr;
    target = &loop;
    struct sigaction action {};
    action.sa_handler = [](int) { target->stop(); };
    struct sigaction old {};
    ASSERT_EQ(::sigaction(SIGUSR2, &action, &old), 0);
    loop.post([] { ASSERT_EQ(::raise(SIGUSR2), 0); });
    loop.run();
    ASSERT_EQ(::sigaction(SIGUSR2, &old, nullptr), 0);
}

TEST(EventLoop, AnExceptionOfACallbackLeavesRunAndTheLoopCanGoOn) {
    EventLoop loop;
    bool later = false;
    loop.post([] { throw std::runtime_error("broken callback"); });
    loop.post([&] {
        later = true;
        loop.stop();
    });
    EXPECT_THROW(loop.run(), std::runtime_error);
    EXPECT_FALSE(later);
    loop.run();
    EXPECT_TRUE(later);
}

TEST(EventLoop, DoesNotWakeWhileNothingIsDue) {
    EventLoop loop;
    SocketPair quiet;
    loop.watch(quiet.a.get(), EPOLLIN, [](std::uint32_t) { FAIL(); });
    const auto far = loop.at(Clock::now() + std::chrono::hours(1), [] { FAIL(); });
    const auto near = loop.at(Clock::now() + milliseconds(1), [] { FAIL(); });
    loop.cancel(near);
    (void)loop.at(Clock::now() + milliseconds(50), [&] { loop.stop(); });
    loop.run();
    EXPECT_EQ(loop.wakeups(), 1U);
    loop.cancel(far);
}

}  // namespace
