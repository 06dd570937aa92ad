#include "worker/wake_timer.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace moai::worker {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

class WakeTimerTest : public ::testing::Test {
protected:
    /// Runs the loop until `wakes` wakes came.
    void run_until(std::size_t wakes) {
        wakes_awaited_ = wakes;
        loop.run();
    }

    base::EventLoop loop;
    std::vector<WakeReason> reasons;
    WakeTimer timer{loop, 40ms, [this](WakeReason reason) {
                        reasons.push_back(reason);
                        if (reasons.size() >= wakes_awaited_) {
                            loop.stop();
                        }
                    }};

private:
    std::size_t wakes_awaited_ = 1;
};

TEST_F(WakeTimerTest, WakesAtTheDueTimeAndNotBefore) {
    const auto start = steady_clock::now();
    timer.set_next_due(10ms, steady_clock::now());
    run_until(1);
    EXPECT_GE(steady_clock::now() - start, 10ms);
    EXPECT_EQ(reasons, std::vector{WakeReason::timer});
}

TEST_F(WakeTimerTest, WithoutADueTimeOnlyTheSafetyLookWakes) {
    timer.set_next_due(5ms, steady_clock::now());
    timer.set_next_due(std::nullopt, steady_clock::now());
    run_until(1);
    EXPECT_EQ(reasons, std::vector{WakeReason::safety_look});
}

TEST_F(WakeTimerTest, ALookPutsOffTheSafetyLook) {
    const auto start = steady_clock::now();
    timer.set_next_due(20ms, steady_clock::now());
    run_until(1);
    const auto looked = steady_clock::now();
    timer.looked();
    run_until(2);
    EXPECT_EQ(reasons.back(), WakeReason::safety_look);
    EXPECT_GE(steady_clock::now() - looked, 40ms);
    EXPECT_GE(steady_clock::now() - start, 60ms);
}

TEST_F(WakeTimerTest, OlderNewsDoesNotPutOffWhatIsKnown) {
    timer.set_next_due(10ms, steady_clock::now());
    timer.bring_forward(30s, steady_clock::now());
    timer.bring_forward(std::nullopt, steady_clock::now());
    run_until(1);
    EXPECT_EQ(reasons, std::vector{WakeReason::timer});
}

TEST_F(WakeTimerTest, OlderNewsBringsForwardWhatComesSooner) {
    timer.set_next_due(30s, steady_clock::now());
    timer.bring_forward(5ms, steady_clock::now());
    run_until(1);
    EXPECT_EQ(reasons, std::vector{WakeReason::timer});
}

TEST_F(WakeTimerTest, CountsFromWhenTheQuestionWasAsked) {
    const auto asked = steady_clock::now() - 1h;
    timer.set_next_due(1h + 10ms, asked);
    run_until(1);
    EXPECT_EQ(reasons, std::vector{WakeReason::timer});
}

TEST_F(WakeTimerTest, ATimeThatHasPassedWakesAtOnce) {
    timer.set_next_due(-1s, steady_clock::now());
    run_until(1);
    EXPECT_EQ(reasons, std::vector{WakeReason::timer});
}

}  // namespace
}  // namespace moai::worker
