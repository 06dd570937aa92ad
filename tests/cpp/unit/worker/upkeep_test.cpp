// When the queue is tended: by need, never by the clock alone.
#include "worker/upkeep.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <optional>
#include <vector>

namespace moai::worker {
namespace {

using namespace std::chrono_literals;
using Result = store::UpkeepReport::Result;
using std::chrono::steady_clock;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Answers each call with the next of `results`, `done` when there is none.
class FakeStore : public store::QueueUpkeep {
public:
    explicit FakeStore(base::EventLoop& loop) : loop_(loop) {}

    std::vector<bool> calls;  ///< what was asked: vacuum whatever the state?
    std::vector<steady_clock::time_point> times;
    std::deque<Result> results;
    std::deque<pg::Error> errors;
    std::function<void()> on_call;
    std::chrono::milliseconds takes{0};

    void tend(bool vacuum, Done done) override {
        calls.push_back(vacuum);
        times.push_back(steady_clock::now());
        static_cast<void>(loop_.at(steady_clock::now() + takes, [this, done = std::move(done)] {
            store::UpkeepReport report{.owner = "moai_owner", .login = "app"};
            if (!results.empty()) {
                report.result = results.front();
                results.pop_front();
            }
            std::optional<pg::Error> error;
            if (!errors.empty()) {
                error = errors.front();
                errors.pop_front();
            }
            done(report, error ? &*error : nullptr);
            if (on_call) {
                on_call();
            }
        }));
    }

private:
    base::EventLoop& loop_;
};

struct UpkeepTest : ::testing::Test {
    base::EventLoop loop;
    metrics::Registry metrics{"0"};
    FakeStore store{loop};
    Upkeep::Options options{
        .rows = 100, .pause = 10ms, .after_refusal = 20ms, .first_retry = 10ms, .longest_retry = 20ms};

    void run_until_calls(std::size_t calls) {
        store.on_call = [this, calls] {
            if (store.calls.size() >= calls) {
                loop.stop();
            }
        };
        loop.run();
    }
    void run_for(std::chrono::milliseconds time) {
        store.on_call = nullptr;
        static_cast<void>(loop.at(steady_clock::now() + time, [this] { loop.stop(); }));
        loop.run();
    }
};

TEST_F(UpkeepTest, LooksOnceAtTheStartAndNeverAgainWhileNothingChanges) {
    Upkeep upkeep(loop, store, metrics, options);
    upkeep.start();
    upkeep.start();
    run_for(100ms);
    EXPECT_THAT(store.calls, ElementsAre(false));
}

TEST_F(UpkeepTest, VacuumsOnceSoManyRowsAreDead) {
    Upkeep upkeep(loop, store, metrics, options);
    upkeep.start();
    run_until_calls(1);
    upkeep.rows_changed(99);
    run_for(50ms);
    EXPECT_EQ(store.calls.size(), 1U);
    upkeep.rows_changed(1);
    run_until_calls(2);
    run_for(50ms);
    EXPECT_THAT(store.calls, ElementsAre(false, true)) << "what was vacuumed away counts no more";
}

TEST_F(UpkeepTest, DoesWhatIsLeftADayLater) {
    options.interval = 30ms;
    Upkeep upkeep(loop, store, metrics, options);
    upkeep.start();
    run_until_calls(1);
    upkeep.rows_changed(1);
    run_until_calls(2);
    EXPECT_THAT(store.calls, ElementsAre(false, false));
    EXPECT_GE(store.times[1] - store.times[0], 30ms);
    run_for(80ms);
    EXPECT_EQ(store.calls.size(), 2U) << "and not again: nothing has changed";
}

TEST_F(UpkeepTest, RestsBetweenTwoTenTimesAsLongAsTheLastTook) {
    store.takes = 20ms;
    options.pause = 1ms;
    Upkeep upkeep(loop, store, metrics, options);
    upkeep.start();
    run_until_calls(1);
    upkeep.rows_changed(1'000);
    run_until_calls(2);
    EXPECT_GE(store.times[1] - store.times[0], 220ms);
}

TEST_F(UpkeepTest, KeepsWhatWasSkippedForTheNext) {
    store.results = {Result::done, Result::skipped};
    Upkeep upkeep(loop, store, metrics, options);
    upkeep.start();
    run_until_calls(1);
    upkeep.rows_changed(100);
    run_until_calls(3);
    EXPECT_THAT(store.calls, ElementsAre(false, true, true));
    EXPECT_THAT(metrics.text(), HasSubstr(R"(moai_upkeep_total{result="skipped"} 1)"));
}

TEST_F(UpkeepTest, ThatIsRefusedIsCountedAndTriedAgainOnlyWhenNeededAndAfterAWhile) {
    store.results = {Result::refused, Result::refused, Result::refused};
    Upkeep upkeep(loop, store, metrics, options);
    ::testing::internal::CaptureStderr();
    upkeep.start();
    run_for(60ms);
    EXPECT_EQ(store.calls.size(), 1U) << "nothing has changed";
    upkeep.rows_changed(100);
    run_until_calls(3);
    EXPECT_GE(store.times[2] - store.times[1], 20ms);
    const std::string said = ::testing::internal::GetCapturedStderr();
    EXPECT_THAT(said, HasSubstr("GRANT moai_owner TO app"));
    EXPECT_EQ(said.find("may not vacuum"), said.rfind("may not vacuum")) << "told once";
    EXPECT_THAT(metrics.text(), HasSubstr(R"(moai_upkeep_total{result="refused"} 3)"));
}

TEST_F(UpkeepTest, ThatFailsIsTriedAgain) {
    store.errors.assign(2, pg::Error("", "connection refused"));
    Upkeep upkeep(loop, store, metrics, options);
    ::testing::internal::CaptureStderr();
    upkeep.start();
    upkeep.rows_changed(100);
    run_until_calls(3);
    const std::string said = ::testing::internal::GetCapturedStderr();
    EXPECT_THAT(said, HasSubstr("connection refused"));
    EXPECT_EQ(said.find("connection refused"), said.rfind("connection refused")) << "told once";
    EXPECT_THAT(said, HasSubstr("upkeep works again"));
    EXPECT_THAT(metrics.text(), HasSubstr(R"(moai_upkeep_total{result="failed"} 2)"));
}

}  // namespace
}  // namespace moai::worker
