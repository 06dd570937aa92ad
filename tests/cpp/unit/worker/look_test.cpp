// How the delivery loop looks: at everything or from where it left off, and whether for the next due time too.
#include <gtest/gtest.h>

#include <chrono>
#include <optional>

#include "unit/worker/delivery_loop_fixture.hpp"

namespace moai::worker::testing {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kClaimedAtUs = 1'700'000'000'000'000;

struct Look : DeliveryLoopTest {
    bool looks_again = false;

    Look() {
        options.low_water.dear = std::chrono::milliseconds(-1);  // any claim is
        options.low_water.dear_each = {};
    }
    void watch() {
        worker().watched_by({.looked = [](bool, bool) {},
                             .saturated = [](bool) {},
                             .in_office = [] { return true; },
                             .looks_again = [this] { return looks_again; }});
    }
    void become_dear() {
        run_until_claims(1);
        look();
    }
    /// Until a call was made whose answer is held.
    void await(const std::vector<store::Look>& calls) {
        while (calls.empty() && !timed_out) {
            run_for(1ms);
        }
        ASSERT_FALSE(calls.empty());
    }
    void look() {
        const auto before = queue.looks.size();
        worker().wake(WakeReason::notify);
        await_claims(before + 1);
    }
};

TEST_F(Look, IsAtEverythingAndAheadAsLongAsClaimsAreCheap) {
    options.low_water = {};
    run_until_claims(1);
    look();
    look();
    for (const auto& look : queue.looks) {
        EXPECT_EQ(look.since_us, std::nullopt);
        EXPECT_TRUE(look.ahead);
    }
}

TEST_F(Look, BeginsWhereTheLastOneLeftOffOnceClaimsAreDear) {
    options.low_water.rest = 1'000'000'000;  // so that no sweep comes
    become_dear();
    look();
    EXPECT_EQ(queue.looks.back().since_us, kClaimedAtUs - 1'000'000);
}

TEST_F(Look, BeginsBeforeTheOldestThatCame) {
    options.low_water.rest = 1'000'000'000;
    become_dear();
    queue.claims.push_back(claim_of({delivery("a")}));
    queue.claims.back().overdue = 5s;
    queue.on_record = [this] { loop.stop(); };
    worker().wake(WakeReason::notify);
    queue.on_claim = nullptr;
    loop.run();
    look();
    EXPECT_EQ(queue.looks.back().since_us, kClaimedAtUs - 6'000'000);
    EXPECT_EQ(queue.record_looks.back().since_us, kClaimedAtUs - 6'000'000);
}

TEST_F(Look, IsAtEverythingAgainWhenASweepIsOwedWithoutBeingAsked) {
    options.low_water.longest_rest = 400ms;
    options.low_water.rest = 1'000'000'000;
    become_dear();
    look();
    ASSERT_NE(queue.looks.back().since_us, std::nullopt);
    await_claims(4);
    EXPECT_EQ(queue.looks.back().since_us, std::nullopt);
    run_for(100ms);
    EXPECT_EQ(queue.looks.size(), 4U) << "nothing is owed any more";
}

TEST_F(Look, IsNotAtEverythingAgainAtOnceWhenThatTookTooLong) {
    options.low_water = {};
    run_until_claims(1);
    queue.claim_errors.emplace_back("57014", "canceling statement due to statement timeout");
    worker().wake(WakeReason::notify);
    await_claims(3);
    EXPECT_EQ(queue.looks[1].since_us, std::nullopt);
    EXPECT_EQ(queue.looks[2].since_us, kClaimedAtUs - 1'000'000);
}

TEST_F(Look, IsAtEverythingAfterAReconnection) {
    options.low_water.rest = 1'000'000'000;
    become_dear();
    look();
    worker().queue_ready();
    await_claims(4);
    EXPECT_EQ(queue.looks.back().since_us, std::nullopt);
}

TEST_F(Look, IsNotAheadWhileTheSentinelLooksAgainAnyway) {
    options.low_water = {};
    watch();
    looks_again = true;
    queue.claims.push_back(claim_of({delivery("a")}));
    run_until_recorded(1);
    EXPECT_FALSE(queue.looks.back().ahead);
    EXPECT_TRUE(queue.looks.back().in_office);
    EXPECT_FALSE(queue.record_looks.back().ahead);
}

TEST_F(Look, ThatIsNotAheadLeavesTheNextDueTimeAsItIs) {
    options.low_water = {};
    watch();
    queue.claims.push_back(claim_of({}, 400ms));
    run_until_claims(1);
    looks_again = true;
    queue.claims.push_back(claim_of({delivery("a")}));
    queue.on_claim = nullptr;
    worker().wake(WakeReason::notify);
    queue.on_record = [this] { looks_again = false; };
    await_claims(3);
    EXPECT_NE(metrics.text().find("wakeups_total{reason=\"timer\"} 1"), std::string::npos) << metrics.text();
}

TEST_F(Look, ComesByItselfWhenTheSentinelFellAsleepBeforeTheResultWasRecorded) {
    options.low_water = {};
    watch();
    looks_again = true;
    queue.hold_records = true;
    queue.claims.push_back(claim_of({delivery("a")}));
    run_until_claims(1);
    await(queue.record_looks);
    ASSERT_FALSE(queue.record_looks.back().ahead);
    looks_again = false;
    queue.claims.push_back(claim_of({}, 20ms));  // the retry that the answer does not tell of
    queue.answer_record();
    await_claims(3);
    EXPECT_TRUE(queue.looks[1].ahead);
    EXPECT_NE(metrics.text().find("wakeups_total{reason=\"timer\"} 1"), std::string::npos) << metrics.text();
}

TEST_F(Look, ComesByItselfWhenTheSentinelFellAsleepBeforeTheClaimWasAnswered) {
    options.low_water = {};
    watch();
    looks_again = true;
    queue.hold_claims = true;
    worker().queue_ready();
    await(queue.looks);
    looks_again = false;
    queue.hold_claims = false;
    queue.answer_claim();
    await_claims(2);
    EXPECT_FALSE(queue.looks[0].ahead);
    EXPECT_TRUE(queue.looks[1].ahead);
    run_for(20ms);
    EXPECT_EQ(queue.looks.size(), 2U) << "one is enough";
}

TEST_F(Look, ForParkedOnesIsNotAheadEither) {
    options.low_water = {};
    watch();
    looks_again = true;
    queue.known.push_back({.subscription_id = "s", .has_parked = true});
    run_until_claims(1);
    ASSERT_EQ(queue.parked_looks.size(), 1U);
    EXPECT_FALSE(queue.parked_looks[0].ahead);
    EXPECT_TRUE(queue.parked_looks[0].in_office);
}

}  // namespace
}  // namespace moai::worker::testing
