// Builds the JSON text with nlohmann's writer.
#include "store/results_json.hpp"

#include <nlohmann/json.hpp>

#include "store/base64.hpp"

namespace moai::store {
namespace {

const char* outcome_name(DeliveryResult::Outcome outcome) {
    switch (outcome) {
        case DeliveryResult::Outcome::delivered: return "delivered";
        case DeliveryResult::Outcome::failed: return "failed";
        case DeliveryResult::Outcome::released: return "released";
        case DeliveryResult::Outcome::parked: return "parked";
    }
    return "failed";
}

/// PostgreSQL's json takes \u0000 but fails when its text is asked for.
std::string without_zero_bytes(const std::string& text) {
    std::string clean;
    clean.reserve(text.size());
    for (const char c : text) {
        if (c == '\0') {
            clean += "\xEF\xBF\xBD";
        } else {
            clean += c;
        }
    }
    return clean;
}

void put_text(nlohmann::json& object, const char* name, const std::string& text) {
    if (!text.empty()) {
        object[name] = without_zero_bytes(text);
    }
}

template <typename Number>
void put_number(nlohmann::json& object, const char* name, const std::optional<Number>& number) {
    if (number) {
        object[name] = *number;
    }
}

nlohmann::json to_json(const DeliveryResult& result) {
    nlohmann::json object = {
        {"event_id", result.event_id},
        {"subscription_id", result.subscription_id},
        {"lease_token", result.lease_token},
        {"attempt_no", result.attempt_no},
        {"outcome", outcome_name(result.outcome)},
        {"started_at_us", result.started_at_us},
        {"response_bytes", result.response_bytes},
        {"total_us", result.total_us},
    };
    put_number(object, "http_status", result.http_status);
    put_text(object, "error_class", result.error_class);
    put_text(object, "error_detail", result.error_detail);
    put_text(object, "remote_address", result.remote_address);
    if (!result.response_body.empty()) {
        object["response_body"] = to_base64(result.response_body);
    }
    put_number(object, "dns_us", result.dns_us);
    put_number(object, "connect_us", result.connect_us);
    put_number(object, "tls_us", result.tls_us);
    put_number(object, "first_byte_us", result.first_byte_us);
    return object;
}

}  // namespace

std::string results_to_json(std::span<const DeliveryResult> results) {
    nlohmann::json array = nlohmann::json::array();
    for (const DeliveryResult& result : results) {
        array.push_back(to_json(result));
    }
    return array.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string breakers_to_json(std::span<const BreakerChange> changes) {
    nlohmann::json array = nlohmann::json::array();
    for (const BreakerChange& change : changes) {
        nlohmann::json object = {{"subscription_id", change.subscription_id}, {"is_open", change.open.has_value()}};
        if (change.open) {
            object["probe_in_us"] = change.open->probe_in.count();
            object["consecutive_failures"] = change.open->consecutive_failures;
            object["times_opened"] = change.open->times_opened;
            object["reason"] = without_zero_bytes(change.open->reason);
        }
        array.push_back(std::move(object));
    }
    return array.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace moai::store
