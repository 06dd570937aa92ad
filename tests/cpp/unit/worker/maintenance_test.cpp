#include "worker/maintenance.hpp"

#include <gtest/gtest.h>

#include "unit/worker/fakes.hpp"

namespace moai::worker {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

struct MaintenanceTest : ::testing::Test {
    base::EventLoop loop;
    testing::FakeQueue queue{loop};

    void run_until_calls(Maintenance& maintenance, int calls) {
        queue.on_maintain = [this, calls] {
            if (queue.maintained >= calls) {
                loop.stop();
            }
        };
        maintenance.start();
        loop.run();
    }
    void run_for(std::chrono::milliseconds time) {
        queue.on_maintain = nullptr;
        static_cast<void>(loop.at(steady_clock::now() + time, [this] { loop.stop(); }));
        loop.run();
    }
};

TEST_F(MaintenanceTest, GoesOnUntilNothingIsLeftToRemove) {
    queue.maintenance_calls = 3;
    Maintenance maintenance(loop, queue, {});
    run_until_calls(maintenance, 3);
    run_for(150ms);
    EXPECT_EQ(queue.maintained, 3);
}

TEST_F(MaintenanceTest, IsDoneOnceAtTheStartHoweverOftenTheConnectionComesBack) {
    Maintenance maintenance(loop, queue, {});
    run_until_calls(maintenance, 1);
    maintenance.start();
    run_for(10ms);
    EXPECT_EQ(queue.maintained, 1);
}

TEST_F(MaintenanceTest, IsRepeatedAtEachInterval) {
    Maintenance maintenance(loop, queue, {.interval = 10ms});
    run_until_calls(maintenance, 3);
    EXPECT_EQ(queue.maintained, 3);
}

TEST_F(MaintenanceTest, ThatFailedIsTriedAgainSoonAndThenMoreRarely) {
    queue.maintenance_errors.assign(4, pg::Error("55P03", "canceling statement due to lock timeout"));
    Maintenance maintenance(loop, queue, {.first_retry = 10ms, .longest_retry = 40ms});
    const auto start = steady_clock::now();
    run_until_calls(maintenance, 5);
    EXPECT_GE(steady_clock::now() - start, 55ms) << "pauses of at least half of 10, 20, 40 and 40 ms";
    run_for(100ms);
    EXPECT_EQ(queue.maintained, 5);
}

}  // namespace
}  // namespace moai::worker
