#include "worker/attempt_result.hpp"

#include <gtest/gtest.h>

namespace moai::worker {
namespace {

using namespace std::chrono_literals;
using Outcome = store::DeliveryResult::Outcome;

TEST(AttemptResult, NamesTheDeliveryAndItsLease) {
    store::ClaimedDelivery delivery;
    delivery.event_id = "e";
    delivery.subscription_id = "s";
    delivery.lease_token = -7;
    delivery.attempt_no = 3;
    const auto result = unsent_result(delivery, Outcome::parked);
    EXPECT_EQ(result.event_id, "e");
    EXPECT_EQ(result.subscription_id, "s");
    EXPECT_EQ(result.lease_token, -7);
    EXPECT_EQ(result.attempt_no, 3);
    EXPECT_EQ(result.outcome, Outcome::parked);
}

TEST(AttemptResult, TimesAreTheDatabases) {
    const std::chrono::steady_clock::time_point now{1000h};
    TransferResult transfer;
    transfer.started_at = now + 5ms;
    transfer.http_status = 204;
    transfer.dns = 3us;
    transfer.total = 9us;
    transfer.response_body = "ok";
    store::DeliveryResult result;
    put_transfer(result, transfer, {1'000'000, now});
    EXPECT_EQ(result.outcome, Outcome::delivered);
    EXPECT_EQ(result.started_at_us, 1'005'000);
    EXPECT_EQ(result.error_class, "");
    EXPECT_EQ(result.dns_us, 3);
    EXPECT_FALSE(result.connect_us);
    EXPECT_EQ(result.total_us, 9);
    EXPECT_EQ(result.response_body, "ok");
}

TEST(AttemptResult, TellsWhatTheReceiverAskedFor) {
    TransferResult transfer;
    transfer.error_class = ErrorClass::http_status;
    transfer.retry_after = 90s;
    store::DeliveryResult result;
    put_transfer(result, transfer, {});
    EXPECT_EQ(result.retry_after_us, 90'000'000);
    put_transfer(result, transfer = {}, {});
    EXPECT_FALSE(result.retry_after_us);
}

TEST(AttemptResult, WhatWasNotSentIsReleased) {
    const auto outcome = [](ErrorClass error_class, bool never_sent) {
        TransferResult transfer;
        transfer.error_class = error_class;
        transfer.never_sent = never_sent;
        store::DeliveryResult result;
        put_transfer(result, transfer, {});
        return result.outcome;
    };
    EXPECT_EQ(outcome(ErrorClass::connect, false), Outcome::failed);
    EXPECT_EQ(outcome(ErrorClass::connect, true), Outcome::released);
    EXPECT_EQ(outcome(ErrorClass::lease_expired, false), Outcome::released);
    EXPECT_EQ(outcome(ErrorClass::blocked, false), Outcome::failed);
}

}  // namespace
}  // namespace moai::worker
