// build_request: the body is put together from text, because the payload's bytes must arrive as they were published.
#include "delivery/request_builder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json_string.hpp"
#include "config/version.hpp"
#include "delivery/signature.hpp"

namespace moai::delivery {
namespace {

const std::string kUserAgent = fmt::format("user-agent: moai/{}", config::kVersion);

/// What a format makes of a delivery.
struct Content {
    std::string type = "application/json";
    std::string body;
    std::vector<std::string> header_lines{};
};

std::string standard_body(const store::ClaimedDelivery& delivery) {
    std::string body = R"({"type":)";
    body.reserve(delivery.payload.size() + delivery.event_type.size() + delivery.published_at.size() + 64);
    base::append_json_string(body, delivery.event_type);
    body += R"(,"timestamp":)";
    base::append_json_string(body, delivery.published_at);
    return body.append(R"(,"data":)").append(delivery.payload).append("}");
}

/// A URI reference (RFC 3986, 4.1) whatever the tenant's name is.
std::string source_of(const store::ClaimedDelivery& delivery) {
    std::string source = "/moai/tenants/";
    for (const char c : delivery.tenant) {
        const bool is_plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
                              c == '.' || c == '_' || c == '~';
        source += is_plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return source;
}

/// CloudEvents 1.0.2, JSON Event Format 3.
std::string cloudevents_body(const store::ClaimedDelivery& delivery) {
    std::string body = R"({"specversion":"1.0","id":)";
    body.reserve(delivery.payload.size() + delivery.event_type.size() + delivery.tenant.size() + 256);
    base::append_json_string(body, delivery.event_id);
    body += R"(,"source":)";
    base::append_json_string(body, source_of(delivery));
    body += R"(,"type":)";
    base::append_json_string(body, delivery.event_type);
    body += R"(,"time":)";
    base::append_json_string(body, delivery.published_at);
    return body.append(R"(,"datacontenttype":"application/json","data":)").append(delivery.payload).append("}");
}

Content content_of(const store::ClaimedDelivery& delivery) {
    if (delivery.format == "standard") {
        return {.body = standard_body(delivery)};
    }
    if (delivery.format == "raw") {
        return {.body = delivery.payload};
    }
    if (delivery.format == "cloudevents") {
        return {.type = "application/cloudevents+json", .body = cloudevents_body(delivery)};
    }
    if (delivery.format == "cloudevents-binary") {
        // CloudEvents 1.0.2, HTTP Protocol Binding 3.1. Its values need no escapes: they are plain ASCII.
        return {
            .body = delivery.payload,
            .header_lines = {"ce-specversion: 1.0", "ce-id: " + delivery.event_id, "ce-source: " + source_of(delivery),
                             "ce-type: " + delivery.event_type, "ce-time: " + delivery.published_at}};
    }
    throw std::invalid_argument(fmt::format("unknown format \"{}\"", delivery.format));
}

/// The subscription's own.
void append_lines(std::vector<std::string>& header_lines, std::string_view lines) {
    while (!lines.empty()) {
        const auto end = std::min(lines.find('\n'), lines.size());
        header_lines.emplace_back(lines.substr(0, end));
        lines.remove_prefix(std::min(end + 1, lines.size()));
    }
}

struct Signed {
    std::string signatures, key_ids;
};

/// By each secret: while one is being replaced there are several.
Signed sign_by_all(const store::ClaimedDelivery& delivery, std::int64_t timestamp, std::string_view body,
                   Keyring& keyring) {
    Signed result;
    for (std::string_view rest = delivery.secret;;) {
        const auto end = std::min(rest.find(' '), rest.size());
        const Keyring::Key& key = keyring.key(rest.substr(0, end));
        const std::string_view between = result.signatures.empty() ? "" : " ";
        result.signatures.append(between).append(sign(key.secret, delivery.event_id, timestamp, body));
        result.key_ids.append(between).append(key.id);
        if (end == rest.size()) {
            return result;
        }
        rest.remove_prefix(end + 1);
    }
}

}  // namespace

worker::OutgoingRequest build_request(const store::ClaimedDelivery& delivery, std::int64_t timestamp,
                                      Keyring& keyring) {
    Content content = content_of(delivery);
    worker::OutgoingRequest request;
    request.url = delivery.url;
    request.method = delivery.method;
    request.body = std::move(content.body);
    request.timeout = delivery.timeout;
    Signed by = sign_by_all(delivery, timestamp, request.body, keyring);
    request.signed_with = std::move(by.key_ids);
    request.header_lines = {
        "content-type: " + content.type,
        kUserAgent,
        "webhook-id: " + delivery.event_id,
        "webhook-timestamp: " + std::to_string(timestamp),
        "webhook-signature: " + by.signatures,
        "moai-subscription-id: " + delivery.subscription_id,
        "moai-attempt: " + std::to_string(delivery.attempt_no),
    };
    std::move(content.header_lines.begin(), content.header_lines.end(), std::back_inserter(request.header_lines));
    append_lines(request.header_lines, delivery.headers);
    return request;
}

}  // namespace moai::delivery
