#include "worker/recorder.hpp"

#include <gtest/gtest.h>

#include "unit/worker/fakes.hpp"

namespace moai::worker {
namespace {

using namespace std::chrono_literals;

class RecorderTest : public ::testing::Test {
protected:
    static store::DeliveryResult result(const std::string& event_id, const std::string& subscription_id = "s") {
        store::DeliveryResult value;
        value.event_id = event_id;
        value.subscription_id = subscription_id;
        value.outcome = store::DeliveryResult::Outcome::delivered;
        return value;
    }
    Recorder& recorder() {
        if (!recorder_) {
            recorder_ = std::make_unique<Recorder>(loop, queue, metrics, options,
                                                   [this](const store::Recorded*, Recorder::SteadyTime) {
                                                       if (recorder_->pending() == 0) {
                                                           loop.stop();
                                                       }
                                                   });
        }
        return *recorder_;
    }

    base::EventLoop loop;
    testing::FakeQueue queue{loop};
    metrics::Registry metrics{"test"};
    Recorder::Options options{.batch = 4, .delay = 5ms};

private:
    std::unique_ptr<Recorder> recorder_;
};

TEST_F(RecorderTest, ResultsThatComeTogetherAreRecordedTogether) {
    recorder().add(result("a"));
    recorder().add(result("b"));
    loop.run();
    ASSERT_EQ(queue.recorded.size(), 1U);
    EXPECT_EQ(queue.recorded[0].size(), 2U);
}

TEST_F(RecorderTest, ABatchHoldsNoMoreThanItsLimit) {
    for (int i = 0; i < 10; ++i) {
        recorder().add(result(std::to_string(i)));
    }
    loop.run();
    std::size_t total = 0;
    for (const auto& batch : queue.recorded) {
        EXPECT_LE(batch.size(), 4U);
        total += batch.size();
    }
    EXPECT_EQ(total, 10U);
}

TEST_F(RecorderTest, ResultsOutliveALostConnection) {
    queue.record_errors.emplace_back("", "server closed the connection");
    recorder().add(result("a"));
    loop.run();
    ASSERT_EQ(queue.recorded.size(), 1U);
    EXPECT_EQ(queue.recorded[0][0].event_id, "a");
}

TEST_F(RecorderTest, ResultsWaitWhileThereIsNoConnection) {
    queue.record_up = false;
    recorder().add(result("a"));
    const auto stop = loop.at(std::chrono::steady_clock::now() + 20ms, [this] { loop.stop(); });
    loop.run();
    EXPECT_EQ(recorder().pending(), 1U);
    queue.record_up = true;
    recorder().queue_ready();
    loop.run();
    EXPECT_EQ(queue.recorded.size(), 1U);
    loop.cancel(stop);
}

TEST_F(RecorderTest, ARefusedResultIsFoundAndLeftToItsLeaseWhileTheOthersAreRecorded) {
    // Refuses the batch of two and then the first alone: the second must still get through.
    queue.record_errors.emplace_back("22P02", "invalid input");
    queue.record_errors.emplace_back("22P02", "invalid input");
    recorder().add(result("bad"));
    recorder().add(result("good"));
    loop.run();
    ASSERT_EQ(queue.recorded.size(), 1U);
    ASSERT_EQ(queue.recorded[0].size(), 1U);
    EXPECT_EQ(queue.recorded[0][0].event_id, "good");
    EXPECT_EQ(recorder().pending(), 0U);
}

struct FailureOfTheMoment : RecorderTest, ::testing::WithParamInterface<const char*> {};

TEST_P(FailureOfTheMoment, CostsNoResult) {
    for (int time = 0; time < 3; ++time) {
        queue.record_errors.emplace_back(GetParam(), "not now");
    }
    recorder().add(result("a"));
    loop.run();
    ASSERT_EQ(queue.recorded.size(), 1U);
    EXPECT_EQ(queue.recorded[0].at(0).event_id, "a");
    EXPECT_EQ(queue.record_calls.size(), 4U);
}

INSTANTIATE_TEST_SUITE_P(Each, FailureOfTheMoment,
                         ::testing::Values("57014", "55P03", "53200", "42501", "XX000", "0A000", "26000", "40001"));

TEST_F(RecorderTest, ABatchThatTheServerCouldNotTakeIsRepeatedWhole) {
    queue.record_errors.emplace_back("57014", "canceling statement due to statement timeout");
    for (int i = 0; i < 4; ++i) {
        recorder().add(result(std::to_string(i)));
    }
    loop.run();
    ASSERT_EQ(queue.recorded.size(), 1U);
    EXPECT_EQ(queue.recorded[0].size(), 4U);
}

TEST_F(RecorderTest, ResultsThatComeMeanwhileDoNotCutTheRestAfterAFailure) {
    queue.record_errors.assign(5, pg::Error("53200", "out of memory"));
    recorder().add(result("0"));
    queue.on_record = [this] {
        // A full batch after each failure: what made the rest end early, so that the server was asked without a pause.
        for (int i = 0; !queue.record_errors.empty() && i < 4; ++i) {
            recorder().add(result("later"));
        }
    };
    const auto start = std::chrono::steady_clock::now();
    loop.run();
    // Pauses of at least half of 10, 20, 40, 80 and 160 ms.
    EXPECT_GE(std::chrono::steady_clock::now() - start, 155ms);
    EXPECT_EQ(recorder().pending(), 0U);
}

TEST_F(RecorderTest, AResultWhoseRowIsLockedWaitsAloneAndIsNotLost) {
    queue.locked = {"held"};
    recorder().add(result("1", "held"));
    recorder().add(result("2", "free"));
    recorder().add(result("3", "free"));
    queue.on_record = [this] {
        if (recorder().pending() == 1) {
            loop.stop();
        }
    };
    loop.run();
    ASSERT_EQ(queue.recorded.size(), 1U);
    EXPECT_EQ(queue.recorded[0].size(), 2U);

    // New results go past it, and it is tried again by itself.
    recorder().add(result("4", "free"));
    loop.run();
    EXPECT_EQ(queue.recorded.back().at(0).event_id, "4");
    queue.locked.clear();
    loop.run();
    EXPECT_EQ(queue.recorded.back().at(0).event_id, "1");
    EXPECT_EQ(recorder().pending(), 0U);
}

TEST_F(RecorderTest, AResultThatIsRefusedIsNotRepeated) {
    for (const char* state : {"22P02", "23514", "MO422", "P0001"}) {
        queue.record_errors.emplace_back(state, "no");
        recorder().add(result(state));
        loop.run();
    }
    EXPECT_EQ(queue.record_calls.size(), 4U);
    EXPECT_TRUE(queue.recorded.empty());
}

}  // namespace
}  // namespace moai::worker
