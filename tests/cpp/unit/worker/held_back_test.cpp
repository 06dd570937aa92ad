#include "worker/held_back.hpp"

#include <gtest/gtest.h>

namespace moai::worker {
namespace {

using namespace std::chrono_literals;

struct HeldBackTest : ::testing::Test {
    base::EventLoop loop;
    std::vector<std::string> given;
    int rounds = 0;
    HeldBack held{loop, [this](const store::DeliveryResult& result) { given.push_back(result.event_id); },
                  [this] {
                      ++rounds;
                      loop.stop();
                  }};

    void hold(const std::string& event) {
        store::DeliveryResult result;
        result.event_id = event;
        held.hold(result);
    }
};

TEST_F(HeldBackTest, GivesBackTogetherWhatItHeldForAWhile) {
    const auto begin = std::chrono::steady_clock::now();
    hold("a");
    hold("b");
    EXPECT_EQ(held.size(), 2U);
    EXPECT_TRUE(given.empty());
    loop.run();
    EXPECT_EQ(given, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(held.size(), 0U);
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 250ms);
}

TEST_F(HeldBackTest, GivesBackAtOnceWhenToldTo) {
    hold("a");
    held.give_back();
    EXPECT_EQ(given, std::vector<std::string>{"a"});
    EXPECT_EQ(rounds, 1);
    held.give_back();
    EXPECT_EQ(given.size(), 1U) << "none twice";
}

}  // namespace
}  // namespace moai::worker
