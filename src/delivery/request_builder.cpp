// build_request: the body is put together from text, because the payload's bytes must arrive as they were published.
#include "delivery/request_builder.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "config/version.hpp"
#include "delivery/signature.hpp"

namespace moai::delivery {
namespace {

std::string json_text(const std::string& text) {
    // Bytes that are not UTF-8 become U+FFFD: the database is UTF8, so that is belt and braces, not a format.
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string body_of(const store::ClaimedDelivery& delivery) {
    if (delivery.format == "raw") {
        return delivery.payload;
    }
    if (delivery.format == "standard") {
        return fmt::format(R"({{"type":{},"timestamp":{},"data":{}}})", json_text(delivery.event_type),
                           json_text(delivery.published_at), delivery.payload);
    }
    throw std::invalid_argument(fmt::format("unknown format \"{}\"", delivery.format));
}

}  // namespace

worker::OutgoingRequest build_request(const store::ClaimedDelivery& delivery, std::int64_t timestamp) {
    worker::OutgoingRequest request;
    request.url = delivery.url;
    request.body = body_of(delivery);
    request.timeout = delivery.timeout;
    const std::string signature = sign(Secret::parse(delivery.secret), delivery.event_id, timestamp, request.body);
    request.header_lines = {
        "content-type: application/json",
        fmt::format("user-agent: moai/{}", config::kVersion),
        fmt::format("webhook-id: {}", delivery.event_id),
        fmt::format("webhook-timestamp: {}", timestamp),
        fmt::format("webhook-signature: {}", signature),
        fmt::format("moai-subscription-id: {}", delivery.subscription_id),
        fmt::format("moai-attempt: {}", delivery.attempt_no),
    };
    return request;
}

}  // namespace moai::delivery
