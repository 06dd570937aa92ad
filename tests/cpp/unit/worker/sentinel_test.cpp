// sentinel: who is in office, who waits for it, and who covers where nobody can; on an office in memory.
#include "worker/sentinel.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "unit/worker/sentinel_fixture.hpp"

namespace moai::worker {
namespace {

using namespace std::chrono_literals;
using SentinelTest = testing::SentinelTest;

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
