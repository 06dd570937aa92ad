// A sentinel on an office and a delivery loop in memory, for its tests.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/run_until.hpp"
#include "worker/sentinel.hpp"

namespace moai::worker::testing {

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

}  // namespace moai::worker::testing
