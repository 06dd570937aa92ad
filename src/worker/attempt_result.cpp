#include "worker/attempt_result.hpp"

#include <utility>

namespace moai::worker {
namespace {

using Outcome = store::DeliveryResult::Outcome;

std::optional<std::int64_t> count(const std::optional<std::chrono::microseconds>& duration) {
    return duration ? std::optional<std::int64_t>(duration->count()) : std::nullopt;
}

Outcome outcome_of(const TransferResult& transfer) {
    if (transfer.never_sent) {
        return Outcome::released;
    }
    switch (transfer.error_class) {
        case ErrorClass::none: return Outcome::delivered;
        case ErrorClass::lease_expired: return Outcome::released;  // never sent: no attempt was made
        default: return Outcome::failed;
    }
}

}  // namespace

store::DeliveryResult unsent_result(const store::ClaimedDelivery& delivery, Outcome outcome) {
    store::DeliveryResult result;
    result.event_id = delivery.event_id;
    result.subscription_id = delivery.subscription_id;
    result.lease_token = delivery.lease_token;
    result.attempt_no = delivery.attempt_no;
    result.outcome = outcome;
    return result;
}

void put_transfer(store::DeliveryResult& result, TransferResult& transfer, const DatabaseClock& clock) {
    result.outcome = outcome_of(transfer);
    result.started_at_us = clock.us_at(transfer.started_at);
    result.http_status = transfer.http_status;
    result.retry_after_us = count(transfer.retry_after);
    result.error_class = transfer.error_class == ErrorClass::none ? "" : error_class_name(transfer.error_class);
    result.error_detail = std::move(transfer.error_detail);
    result.remote_address = std::move(transfer.remote_address);
    result.response_headers = std::move(transfer.response_headers);
    result.response_body = std::move(transfer.response_body);
    result.response_bytes = transfer.response_bytes;
    result.dns_us = count(transfer.dns);
    result.connect_us = count(transfer.connect);
    result.tls_us = count(transfer.tls);
    result.first_byte_us = count(transfer.first_byte);
    result.total_us = transfer.total.count();
}

}  // namespace moai::worker
