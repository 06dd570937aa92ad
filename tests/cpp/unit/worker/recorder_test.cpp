#include "worker/recorder.hpp"

#include <gtest/gtest.h>

#include "unit/worker/fakes.hpp"

namespace moai::worker {
namespace {

using namespace std::chrono_literals;

class RecorderTest : public ::testing::Test {
protected:
    static store::DeliveryResult result(const std::string& event_id) {
        store::DeliveryResult value;
        value.event_id = event_id;
        value.outcome = store::DeliveryResult::Outcome::delivered;
        return value;
    }
    Recorder& recorder() {
        if (!recorder_) {
            recorder_ = std::make_unique<Recorder>(loop, queue, metrics, options, [this](const store::Recorded*) {
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

}  // namespace
}  // namespace moai::worker
