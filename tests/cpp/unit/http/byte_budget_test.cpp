// byte_budget: the promises of src/http/byte_budget.hpp, one test each.
#include "http/byte_budget.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace moai::http {
namespace {

TEST(ByteBudget, GivesUpToItsLimitAndNotAByteMore) {
    ByteBudget budget(100);
    auto most = budget.take(99);
    auto last = budget.take(1);
    EXPECT_TRUE(most);
    EXPECT_TRUE(last);
    EXPECT_TRUE(budget.take(0));
    EXPECT_FALSE(budget.take(1));
    EXPECT_FALSE(budget.take(static_cast<std::size_t>(-1)));
}

TEST(ByteBudget, GetsBackWhatGoesOutOfScopeOnce) {
    ByteBudget budget(100);
    {
        auto first = budget.take(60);
        std::optional<ByteBudget::Charge> moved = std::move(first);
        EXPECT_FALSE(budget.take(41));
        EXPECT_TRUE(moved);
    }
    auto whole = budget.take(100);
    EXPECT_TRUE(whole);
    whole.reset();
    EXPECT_TRUE(budget.take(100));
}

TEST(ByteBudget, HoldsItsLimitBetweenThreads) {
    ByteBudget budget(3);
    std::atomic<int> held{0};
    std::atomic<bool> over{false};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int round = 0; round < 20'000; ++round) {
                if (const auto charge = budget.take(1)) {
                    over = over || ++held > 3;
                    --held;
                }
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_FALSE(over);
    EXPECT_TRUE(budget.take(3));
}

}  // namespace
}  // namespace moai::http
