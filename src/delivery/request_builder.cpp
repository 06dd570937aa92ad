// build_request: the body is put together from text, because the payload's bytes must arrive as they were published.
#include "delivery/request_builder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <string_view>

#include "base/json_string.hpp"
#include "config/version.hpp"
#include "delivery/signature.hpp"

namespace moai::delivery {
namespace {

const std::string kUserAgent = fmt::format("user-agent: moai/{}", config::kVersion);

std::string body_of(const store::ClaimedDelivery& delivery) {
    if (delivery.format == "raw") {
        return delivery.payload;
    }
    if (delivery.format == "standard") {
        std::string body = R"({"type":)";
        body.reserve(delivery.payload.size() + delivery.event_type.size() + delivery.published_at.size() + 64);
        base::append_json_string(body, delivery.event_type);
        body += R"(,"timestamp":)";
        base::append_json_string(body, delivery.published_at);
        return body.append(R"(,"data":)").append(delivery.payload).append("}");
    }
    throw std::invalid_argument(fmt::format("unknown format \"{}\"", delivery.format));
}

/// One for each secret: while one is being replaced there are several.
std::string signatures_of(const store::ClaimedDelivery& delivery, std::int64_t timestamp, std::string_view body) {
    std::string signatures;
    for (std::string_view rest = delivery.secret;;) {
        const auto end = std::min(rest.find(' '), rest.size());
        signatures += (signatures.empty() ? "" : " ") +
                      sign(Secret::parse(rest.substr(0, end)), delivery.event_id, timestamp, body);
        if (end == rest.size()) {
            return signatures;
        }
        rest.remove_prefix(end + 1);
    }
}

}  // namespace

worker::OutgoingRequest build_request(const store::ClaimedDelivery& delivery, std::int64_t timestamp) {
    worker::OutgoingRequest request;
    request.url = delivery.url;
    request.body = body_of(delivery);
    request.timeout = delivery.timeout;
    request.header_lines = {
        "content-type: application/json",
        kUserAgent,
        "webhook-id: " + delivery.event_id,
        "webhook-timestamp: " + std::to_string(timestamp),
        "webhook-signature: " + signatures_of(delivery, timestamp, request.body),
        "moai-subscription-id: " + delivery.subscription_id,
        "moai-attempt: " + std::to_string(delivery.attempt_no),
    };
    return request;
}

}  // namespace moai::delivery
