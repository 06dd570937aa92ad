#include "worker/sender.hpp"

#include <utility>

#include "worker/attempt_result.hpp"
#include "worker/iso_time.hpp"

namespace moai::worker {

using namespace std::chrono_literals;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using Outcome = store::DeliveryResult::Outcome;

namespace {

// What must be left of a lease when a request's timeout has run out, for its result to be recorded in time.
constexpr milliseconds kRecordingTime = 5s;

}  // namespace

std::optional<store::DeliveryResult> Sender::send(const Claimed& claimed, Ended ended) {
    const auto& delivery = claimed.delivery;
    const auto now_us = claimed.clock.us_at(steady_clock::now());
    auto result = unsent_result(delivery, Outcome::failed);
    result.url = delivery.url;
    OutgoingRequest request;
    std::int64_t published_at_us = 0;
    try {
        request = build_request_(delivery, now_us / 1'000'000);
        published_at_us = delivery.attempt_no == 1 ? epoch_us_of(delivery.published_at) : 0;
    } catch (const std::exception& error) {
        // One delivery must not take the worker down.
        result.started_at_us = now_us;
        result.error_class = error_class_name(ErrorClass::invalid_request);
        result.error_detail = error.what();
        metrics_.attempt(result.error_class);
        return result;
    }
    result.signed_with = std::move(request.signed_with);
    request.timeout = delivery.timeout;
    request.start_deadline = claimed.claim_sent_at + delivery.lease - delivery.timeout - kRecordingTime;
    transport_.send(std::move(request), [this, result = std::move(result), clock = claimed.clock, published_at_us,
                                         ended = std::move(ended)](TransferResult transfer) mutable {
        put_transfer(result, transfer, clock);
        count(result, transfer, published_at_us);
        ended(std::move(result), transfer);
    });
    return std::nullopt;
}

void Sender::count(const store::DeliveryResult& result, const TransferResult& transfer, std::int64_t published_at_us) {
    metrics_.in_flight(transport_.in_flight());
    if (transfer.never_sent) {
        return;
    }
    if (result.outcome != Outcome::released) {
        metrics_.attempt(error_class_name(transfer.error_class));
    }
    if (published_at_us != 0 && transfer.first_byte) {
        const auto until_first_byte = transfer.dns.value_or(0us) + transfer.connect.value_or(0us) +
                                      transfer.tls.value_or(0us) + *transfer.first_byte;
        metrics_.publish_to_first_byte(microseconds(result.started_at_us - published_at_us) + until_first_byte);
    }
}

}  // namespace moai::worker
