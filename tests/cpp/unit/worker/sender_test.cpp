// sender: the promises of src/worker/sender.hpp, one test each, on a transport in memory.
#include "worker/sender.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

#include "unit/worker/fakes.hpp"
#include "worker/iso_time.hpp"

namespace moai::worker {
namespace {

using namespace std::chrono_literals;
using testing::delivery;
using ::testing::HasSubstr;
using ::testing::Not;
using Outcome = store::DeliveryResult::Outcome;
using std::chrono::steady_clock;

class SenderTest : public ::testing::Test {
protected:
    /// Sends it, and the transport answers; what is to be recorded.
    store::DeliveryResult result_of(const store::ClaimedDelivery& sent,
                                    std::int64_t claimed_at_us = 1'700'000'000'000'000) {
        std::vector<store::DeliveryResult> ended;
        auto refused = sender.send(
            {sent, {claimed_at_us, steady_clock::now()}, steady_clock::now()},
            [&](store::DeliveryResult result, const TransferResult&) { ended.push_back(std::move(result)); });
        if (refused) {
            return *refused;
        }
        EXPECT_TRUE(ended.empty()) << "not from within send()";
        transport.finish();
        EXPECT_EQ(ended.size(), 1U);
        return ended.at(0);
    }

    base::EventLoop loop;
    testing::FakeTransport transport{loop};
    metrics::Registry metrics{"test"};
    std::vector<std::int64_t> built_at;
    Sender sender{transport,
                  [this](const store::ClaimedDelivery& claimed, std::int64_t unix_seconds) {
                      built_at.push_back(unix_seconds);
                      if (claimed.event_id == "unsignable") {
                          throw std::invalid_argument("bad secret");
                      }
                      OutgoingRequest request;
                      request.signed_with = "0a1b2c3d";
                      return request;
                  },
                  metrics};

    SenderTest() { transport.answer_at_once = false; }
};

TEST_F(SenderTest, TakesTheTimeOfTheAttemptFromTheDatabasesClock) {
    const auto result = result_of(delivery("a"));
    EXPECT_EQ(built_at, std::vector<std::int64_t>{1'700'000'000});
    EXPECT_GE(result.started_at_us, 1'700'000'000'000'000);
    EXPECT_LT(result.started_at_us, 1'700'000'010'000'000);
}

TEST_F(SenderTest, NamesTheErrorClassOfAFailedAttempt) {
    transport.answer.error_class = ErrorClass::connect_timeout;
    transport.answer.error_detail = "no answer";
    const auto result = result_of(delivery("a"));
    EXPECT_EQ(result.outcome, Outcome::failed);
    EXPECT_EQ(result.error_class, "connect_timeout");
    EXPECT_EQ(result.error_detail, "no answer");
    EXPECT_THAT(metrics.text(), HasSubstr(R"(moai_attempts_total{error_class="connect_timeout"} 1)"));
}

TEST_F(SenderTest, TellsWhereItWasSentAndWhichKeysSignedIt) {
    auto sent = delivery("a");
    sent.url = "https://example.com/hook";
    const auto result = result_of(sent);
    EXPECT_EQ(result.url, "https://example.com/hook");
    EXPECT_EQ(result.signed_with, "0a1b2c3d");
}

TEST_F(SenderTest, ADeliveryThatCannotBeMadeIntoARequestHasFailed) {
    const auto result = result_of(delivery("unsignable"));
    EXPECT_EQ(result.outcome, Outcome::failed);
    EXPECT_EQ(result.error_class, "invalid_request");
    EXPECT_EQ(result.error_detail, "bad secret");
    EXPECT_GE(result.started_at_us, 1'700'000'000'000'000);
    EXPECT_TRUE(transport.sent.empty());
    EXPECT_THAT(metrics.text(), HasSubstr(R"(moai_attempts_total{error_class="invalid_request"} 1)"));
}

TEST_F(SenderTest, ADeliveryWhosePublishingTimeCannotBeReadHasFailed) {
    auto odd = delivery("odd");
    odd.published_at = "yesterday";
    EXPECT_EQ(result_of(odd).error_class, "invalid_request");
}

TEST_F(SenderTest, WhatNeverLeftTheMachineIsNoAttempt) {
    transport.answer.error_class = ErrorClass::internal;
    transport.answer.never_sent = true;
    static_cast<void>(result_of(delivery("a")));
    EXPECT_THAT(metrics.text(), Not(HasSubstr("moai_attempts_total{")));
}

TEST_F(SenderTest, LeavesTimeToRecordWithinTheLease) {
    const auto before = steady_clock::now();
    static_cast<void>(result_of(delivery("a", 2s)));
    EXPECT_GE(transport.sent.at(0).start_deadline, before + 8s);
    EXPECT_LE(transport.sent[0].start_deadline, steady_clock::now() + 8s);
    EXPECT_EQ(transport.sent[0].timeout, 2s);
}

TEST_F(SenderTest, MeasuresFromPublishingToTheFirstByteOfTheAnswerToTheFirstAttempt) {
    const auto first = delivery("a");
    transport.answer.dns = 1s;
    transport.answer.connect = 2s;
    transport.answer.first_byte = 10s;
    static_cast<void>(result_of(first, epoch_us_of(first.published_at)));
    EXPECT_THAT(metrics.text(), HasSubstr(R"(moai_publish_to_first_byte_seconds_bucket{le="10"} 0)"));
    EXPECT_THAT(metrics.text(), HasSubstr(R"(moai_publish_to_first_byte_seconds_bucket{le="30"} 1)"));
    auto second = first;
    second.attempt_no = 2;
    static_cast<void>(result_of(second, epoch_us_of(first.published_at)));
    EXPECT_THAT(metrics.text(), HasSubstr("moai_publish_to_first_byte_seconds_count 1"));
}

}  // namespace
}  // namespace moai::worker
