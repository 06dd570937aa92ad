// sentinel: the promises of src/worker/sentinel.hpp, one test each, on an office in memory.
#include "worker/sentinel.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/run_until.hpp"

namespace moai::worker {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

/// Answers when the test says so.
class FakeOffice final : public store::Office {
public:
    explicit FakeOffice(base::EventLoop& loop) : loop_(loop) {}

    [[nodiscard]] bool ready() const override { return up && !answered_ && !asleep_ && !done_; }
    void await_office(milliseconds how_patient, Answered answered) override {
        called(how_patient > 0ms ? "await" : "try", how_patient);
        answered_ = std::move(answered);
    }
    void fall_asleep(milliseconds how_patient, Asleep answered) override {
        called("sleep", how_patient);
        asleep_ = std::move(answered);
    }
    void wake_up(Done done) override {
        called("wake", 0ms);
        done_ = std::move(done);
    }
    void call_for_help(Done done) override {
        called("help", 0ms);
        done_ = std::move(done);
    }
    void leave_office(Done done) override {
        called("leave", 0ms);
        done_ = std::move(done);
    }

    void answer(bool granted) {
        if (asleep_) {
            std::exchange(asleep_, nullptr)(granted, nullptr);
        } else {
            std::exchange(answered_, nullptr)({granted, {}}, nullptr);
        }
    }
    void done() { std::exchange(done_, nullptr)(nullptr); }
    void fail(const pg::Error& error) {
        if (answered_) {
            std::exchange(answered_, nullptr)({}, &error);
        } else if (asleep_) {
            std::exchange(asleep_, nullptr)(false, &error);
        } else {
            std::exchange(done_, nullptr)(&error);
        }
    }

    bool up = true;
    std::vector<std::string> calls;
    milliseconds patience{0};  ///< of the last call

private:
    void called(std::string name, milliseconds how_patient) {
        EXPECT_TRUE(ready()) << name << " while another statement is outstanding";
        calls.push_back(std::move(name));
        patience = how_patient;
        loop_.stop();
    }

    base::EventLoop& loop_;
    Answered answered_;
    Asleep asleep_;
    Done done_;
};

class SentinelTest : public ::testing::Test {
protected:
    /// Waits for the next call of the office.
    std::string next_call() {
        if (!test::run_until(
                loop, [this] { return office.calls.size() > seen_; }, 10s)) {
            return "none";
        }
        return office.calls[seen_++];
    }
    void begin() {
        sentinel.session_ready();
        sentinel.listening(true);
    }
    void be_asleep() {
        begin();
        EXPECT_EQ(next_call(), "await");
        office.answer(true);
        EXPECT_EQ(next_call(), "sleep");
        office.answer(true);
        EXPECT_TRUE(sentinel.asleep());
        looks.clear();
    }
    void run_for(milliseconds time) {
        const auto end = std::chrono::steady_clock::now() + time;
        const auto timer = loop.at(end, [this] { loop.stop(); });
        EXPECT_TRUE(test::run_until(loop, [end] { return std::chrono::steady_clock::now() >= end; }));
        loop.cancel(timer);
    }
    /// Finds work every few milliseconds.
    void work_for(milliseconds time) {
        const auto end = std::chrono::steady_clock::now() + time;
        while (std::chrono::steady_clock::now() < end) {
            sentinel.looked(true, false);
            run_for(2ms);
        }
        sentinel.looked(true, false);
    }
    /// After looks that found more than they took, for so long.
    bool office_called_for_help(milliseconds time) {
        const auto end = std::chrono::steady_clock::now() + time;
        while (std::chrono::steady_clock::now() < end) {
            sentinel.looked(true, true);
            run_for(1ms);
            if (office.calls.back() == "help" && !office.ready()) {
                return true;
            }
        }
        return false;
    }
    void ring(std::size_t times) {
        for (std::size_t i = 0; i < times; ++i) {
            sentinel.rung();
        }
    }

    base::EventLoop loop;
    FakeOffice office{loop};
    std::vector<WakeReason> looks, adopted;
    std::size_t work = 0;  ///< looks that find something
    bool answers = true;   ///< looks are answered
    Sentinel::Options options{.patience = 1s,
                              .sleep_patience = 1s,
                              .linger = 20ms,
                              .longest_linger = 160ms,
                              .short_sleep = 100ms,
                              .look_every = 2ms,
                              .slowest_look = 8ms,
                              .saturation = 30ms,
                              .overload = 10ms,
                              .help_every = 50ms,
                              .look_deadline = 200ms,
                              .uncovered = 30ms,
                              .unanswered = 30ms,
                              .rings = 4,
                              .ring_window = 10s};
    Sentinel sentinel{loop,
                      office,
                      {.look =
                           [this](WakeReason reason) {
                               looks.push_back(reason);
                               const bool found = work > 0;
                               work -= found ? 1 : 0;
                               // As the loop does: the answer comes later.
                               if (answers) {
                                   loop.post([this, found] { sentinel.looked(found, false); });
                               }
                           },
                       .adopt =
                           [this](const store::Claim&, WakeReason reason) {
                               adopted.push_back(reason);
                               sentinel.looked(false, false);
                           }},
                      options};

private:
    std::size_t seen_ = 0;
};

TEST_F(SentinelTest, AsksForTheOfficeOnlyWhenItHearsRings) {
    sentinel.session_ready();
    EXPECT_TRUE(office.calls.empty());
    sentinel.listening(true);
    EXPECT_EQ(next_call(), "await");
    EXPECT_EQ(office.patience, 1s);
}

TEST_F(SentinelTest, WaitsForTheOfficeAgainAndAgainAndTakesEachEndOfAWaitForALook) {
    begin();
    for (int i = 0; i < 3; ++i) {
        ASSERT_EQ(next_call(), "await");
        office.answer(false);
    }
    EXPECT_EQ(adopted, std::vector<WakeReason>(3, WakeReason::safety_look));
    ring(5);
    EXPECT_TRUE(looks.empty()) << "rings are for the sentinel";
}

TEST_F(SentinelTest, LooksInThePlaceOfASentinelThatMayBeFrozenOnceForManyRings) {
    begin();
    ASSERT_EQ(next_call(), "await");
    ring(5);
    run_for(3 * options.unanswered);
    EXPECT_EQ(looks, std::vector<WakeReason>{WakeReason::unanswered});
    EXPECT_EQ(office.calls.size(), 1U);
}

TEST_F(SentinelTest, OnlyAnIdleWorkerWaitsABusyOneTries) {
    sentinel.looked(true, false);
    begin();
    ASSERT_EQ(next_call(), "try");
    const auto start = std::chrono::steady_clock::now();
    work_for(100ms);
    office.answer(false);
    EXPECT_EQ(adopted, std::vector<WakeReason>{WakeReason::help}) << "what it found nobody has missed";
    EXPECT_EQ(next_call(), "await");
    EXPECT_GE(std::chrono::steady_clock::now() - start, 100ms + options.linger - 10ms);
}

TEST_F(SentinelTest, CallsForHelpWhileMoreIsDueThanItTakesAndNotTooOften) {
    be_asleep();
    EXPECT_FALSE(office_called_for_help(5ms)) << "a moment is no overload";
    EXPECT_TRUE(office_called_for_help(20ms));
    office.done();
    EXPECT_FALSE(office_called_for_help(30ms));
    EXPECT_TRUE(office_called_for_help(100ms));
    office.done();
    sentinel.looked(true, false);
    run_for(options.help_every);
    EXPECT_FALSE(office_called_for_help(5ms)) << "it begins anew";
}

TEST_F(SentinelTest, WhoIsNotInOfficeHelpsWhenCalled) {
    begin();
    ASSERT_EQ(next_call(), "await");
    sentinel.called_for_help();
    EXPECT_EQ(looks, std::vector<WakeReason>{WakeReason::help});
    office.answer(true);
    looks.clear();
    sentinel.called_for_help();
    EXPECT_TRUE(looks.empty()) << "it was its own call";
}

TEST_F(SentinelTest, TellsWhetherItWaitsForTheOffice) {
    EXPECT_FALSE(sentinel.waits());
    begin();
    ASSERT_EQ(next_call(), "await");
    EXPECT_TRUE(sentinel.waits());
    office.answer(true);
    EXPECT_FALSE(sentinel.waits());
}

TEST_F(SentinelTest, PromisesAnotherLookOnlyWhileItIsAwakeAndHasRoom) {
    begin();
    ASSERT_EQ(next_call(), "await");
    EXPECT_FALSE(sentinel.looks_again()) << "it waits";
    work = 1'000'000;
    office.answer(true);
    EXPECT_TRUE(sentinel.looks_again());
    sentinel.saturated(true);
    EXPECT_FALSE(sentinel.looks_again());
    sentinel.saturated(false);
    EXPECT_TRUE(sentinel.looks_again());
    work = 0;
    ASSERT_EQ(next_call(), "sleep");
    EXPECT_FALSE(sentinel.looks_again()) << "it falls asleep";
    office.answer(true);
    EXPECT_FALSE(sentinel.looks_again()) << "it sleeps";
}

TEST_F(SentinelTest, InOfficeLooksByItselfAndFallsAsleepWhenThereWasNoWorkForAWhile) {
    begin();
    ASSERT_EQ(next_call(), "await");
    work = 30;
    const auto start = std::chrono::steady_clock::now();
    office.answer(true);
    ASSERT_FALSE(looks.empty());
    EXPECT_EQ(looks.front(), WakeReason::office);
    ASSERT_EQ(next_call(), "sleep");
    EXPECT_GE(std::chrono::steady_clock::now() - start, 29 * options.look_every + options.linger);
    EXPECT_EQ(work, 0U);
    EXPECT_FALSE(sentinel.asleep()) << "until the flag is up";
    office.answer(true);
    EXPECT_TRUE(sentinel.asleep());
    EXPECT_EQ(looks.back(), WakeReason::falling_asleep) << "who was silent has committed now";
}

TEST_F(SentinelTest, LooksEverMoreRarelyWhileAPublisherKeepsItFromSleeping) {
    begin();
    ASSERT_EQ(next_call(), "await");
    office.answer(true);
    ASSERT_EQ(next_call(), "sleep");
    looks.clear();
    run_for(10 * options.slowest_look);
    EXPECT_GE(looks.size(), 3U);
    EXPECT_LE(looks.size(), 11U);
    EXPECT_EQ(looks.front(), WakeReason::falling_asleep);
    office.answer(false);
    EXPECT_EQ(next_call(), "sleep") << "it asks again at once";
    looks.clear();
    run_for(3 * options.slowest_look);
    EXPECT_LE(looks.size(), 4U) << "and its looks stay rare";
}

TEST_F(SentinelTest, StaysAwakeWhenWorkCameWhileAPublisherKeptItFromSleeping) {
    begin();
    ASSERT_EQ(next_call(), "await");
    office.answer(true);
    ASSERT_EQ(next_call(), "sleep");
    sentinel.looked(true, false);
    looks.clear();
    office.answer(false);
    EXPECT_EQ(office.calls.size(), 2U) << "who publishes now need not ring";
    EXPECT_EQ(next_call(), "sleep");
    EXPECT_FALSE(looks.empty());
    EXPECT_EQ(looks.front(), WakeReason::linger);
}

TEST_F(SentinelTest, AsleepLooksAtEachRingAndStaysAsleepForAFew) {
    be_asleep();
    ring(3);
    EXPECT_EQ(looks, std::vector<WakeReason>(3, WakeReason::notify));
    EXPECT_TRUE(sentinel.asleep());
    EXPECT_EQ(office.calls.size(), 2U);
}

TEST_F(SentinelTest, ManyRingsWakeItUpAndItLooksAtOnceForWhoWasSilentSince) {
    be_asleep();
    ring(4);
    EXPECT_EQ(next_call(), "wake");
    ring(1);
    looks.clear();
    office.done();
    EXPECT_EQ(looks, std::vector<WakeReason>{WakeReason::linger});
    EXPECT_EQ(next_call(), "sleep");
}

TEST_F(SentinelTest, LingersForLongerWhileItIsWokenSoonAfterItLayDown) {
    be_asleep();
    const auto linger_after_waking = [this] {
        ring(4);
        EXPECT_EQ(next_call(), "wake");
        office.done();
        const auto start = std::chrono::steady_clock::now();
        EXPECT_EQ(next_call(), "sleep");
        office.answer(true);
        return std::chrono::steady_clock::now() - start;
    };
    EXPECT_GE(linger_after_waking(), 2 * options.linger);
    EXPECT_GE(linger_after_waking(), 4 * options.linger);
    EXPECT_GE(linger_after_waking(), options.longest_linger);
    EXPECT_GE(linger_after_waking(), options.longest_linger);
    run_for(2 * options.short_sleep);
    EXPECT_LT(linger_after_waking(), options.longest_linger) << "a long sleep makes up for it";
}

TEST_F(SentinelTest, WithoutAFreeSlotItHandsTheOfficeOnAndAsksForItWhenItHasOneAgain) {
    be_asleep();
    sentinel.saturated(true);
    EXPECT_EQ(next_call(), "leave");
    office.done();
    run_for(100ms);
    EXPECT_EQ(office.calls.size(), 3U) << "it asks when it has a slot, not before";
    sentinel.saturated(false);
    EXPECT_EQ(next_call(), "await");
    office.answer(true);
    EXPECT_EQ(next_call(), "sleep");
}

TEST_F(SentinelTest, WhoIsSaturatedWhenTheOfficeComesHandsItOn) {
    begin();
    ASSERT_EQ(next_call(), "await");
    sentinel.saturated(true);
    run_for(2 * options.saturation);
    office.answer(true);
    EXPECT_EQ(next_call(), "leave");
}

TEST_F(SentinelTest, WhoseLooksAreNotAnsweredHandsTheOfficeOnAndAsksForItWhenTheyAre) {
    be_asleep();
    run_for(5ms);
    answers = false;
    ring(1);
    EXPECT_EQ(next_call(), "leave");
    office.done();
    run_for(100ms);
    EXPECT_EQ(office.calls.size(), 3U) << "it cannot claim";
    sentinel.looked(false, false);
    EXPECT_EQ(next_call(), "await");
}

TEST_F(SentinelTest, WhileItCanNeitherBeInOfficeNorWaitItLooksNowAndThen) {
    be_asleep();
    office.up = false;
    sentinel.session_lost();
    run_for(10 * options.uncovered);
    EXPECT_GE(looks.size(), 3U) << "publishers may be silent";
    EXPECT_LE(looks.size(), 12U);
    office.up = true;
    sentinel.session_ready();
    EXPECT_EQ(next_call(), "await");
    looks.clear();
    run_for(10 * options.uncovered);
    EXPECT_TRUE(looks.empty()) << "now it waits";
}

TEST_F(SentinelTest, ACallForHelpAnswersTheRing) {
    begin();
    ASSERT_EQ(next_call(), "await");
    ring(1);
    sentinel.called_for_help();
    run_for(4 * options.unanswered);
    EXPECT_EQ(looks, std::vector<WakeReason>{WakeReason::help}) << "and nobody need look in the sentinel's place";
}

TEST_F(SentinelTest, AMomentWithoutAFreeSlotHandsNothingOn) {
    be_asleep();
    for (int i = 0; i < 20; ++i) {
        sentinel.saturated(true);
        sentinel.saturated(false);
    }
    EXPECT_FALSE(test::run_until(
        loop, [this] { return office.calls.size() > 2; }, 100ms))
        << office.calls.back();
}

TEST_F(SentinelTest, ALostSessionIsLookedForAtOnceBecausePublishersAreSilentSince) {
    be_asleep();
    sentinel.session_lost();
    EXPECT_EQ(looks, std::vector<WakeReason>{WakeReason::reconnect});
    EXPECT_FALSE(sentinel.asleep());
    sentinel.session_ready();
    EXPECT_EQ(next_call(), "await");
}

TEST_F(SentinelTest, WhoCannotHearLeavesTheOffice) {
    be_asleep();
    sentinel.listening(false);
    EXPECT_EQ(next_call(), "leave");
    office.done();
    EXPECT_EQ(office.calls.size(), 3U);
    sentinel.listening(true);
    EXPECT_EQ(next_call(), "await");
}

TEST_F(SentinelTest, WhoCannotHearAnyMoreWhenTheOfficeComesLeavesItAtOnceAndLooksNowAndThen) {
    begin();
    ASSERT_EQ(next_call(), "await");
    sentinel.listening(false);
    office.answer(true);
    EXPECT_EQ(next_call(), "leave");
    office.done();
    looks.clear();
    run_for(10 * options.uncovered);
    EXPECT_GE(looks.size(), 3U) << "perhaps nobody is in office";
}

TEST_F(SentinelTest, WhoCannotHearAnyMoreWhenItsWaitEndsLooksNowAndThen) {
    begin();
    ASSERT_EQ(next_call(), "await");
    sentinel.listening(false);
    office.answer(false);
    looks.clear();
    run_for(10 * options.uncovered);
    EXPECT_GE(looks.size(), 3U);
}

TEST_F(SentinelTest, AWaitThatIsNotAnsweredInTimeIsALookAsItsEndWouldBe) {
    begin();
    ASSERT_EQ(next_call(), "await");
    run_for(options.patience / 2);
    EXPECT_TRUE(looks.empty());
    run_for(options.patience / 2 + 5 * options.uncovered);
    EXPECT_EQ(looks, std::vector<WakeReason>{WakeReason::unanswered});
    run_for(options.patience + 5 * options.uncovered);
    EXPECT_EQ(looks.size(), 2U) << "and so on";
    looks.clear();
    office.answer(false);
    ASSERT_EQ(next_call(), "await");
    run_for(options.patience / 2);
    EXPECT_TRUE(looks.empty()) << "this one is answered, the next has just begun";
}

TEST_F(SentinelTest, AnErrorGivesUpWhatTheSessionMayHoldAndBeginsAnew) {
    be_asleep();
    ring(4);
    ASSERT_EQ(next_call(), "wake");
    looks.clear();
    office.fail(pg::Error("57014", "canceled"));
    EXPECT_EQ(looks, std::vector<WakeReason>{WakeReason::reconnect}) << "nobody knows whether the flag is up";
    EXPECT_EQ(next_call(), "leave");
    office.done();
    EXPECT_EQ(next_call(), "await");
}

TEST_F(SentinelTest, StoppingWhileItFallsAsleepHandsTheOfficeOnWhenItIsAnswered) {
    begin();
    ASSERT_EQ(next_call(), "await");
    office.answer(true);
    ASSERT_EQ(next_call(), "sleep");
    bool stopped = false;
    sentinel.stop([&] { stopped = true; });
    EXPECT_FALSE(stopped);
    office.answer(false);
    EXPECT_EQ(next_call(), "leave");
    office.done();
    EXPECT_TRUE(stopped);
}

TEST_F(SentinelTest, StoppingHandsTheOfficeOnAndAsksNoMore) {
    be_asleep();
    bool stopped = false;
    sentinel.stop([&] { stopped = true; });
    EXPECT_EQ(next_call(), "leave");
    EXPECT_FALSE(stopped);
    office.done();
    EXPECT_TRUE(stopped);
    sentinel.session_ready();
    sentinel.listening(true);
    EXPECT_EQ(office.calls.size(), 3U);
}

}  // namespace
}  // namespace moai::worker
