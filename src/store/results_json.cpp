// Written by hand: a tree of JSON values, built and thrown away for each result, took an eighth of the worker's time.
#include "store/results_json.hpp"

#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "base/json_string.hpp"
#include "store/base64.hpp"

namespace moai::store {
namespace {

std::string_view outcome_name(DeliveryResult::Outcome outcome) {
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

/// One JSON object at the end of a text. Names must be plain.
class Object {
public:
    explicit Object(std::string& out) : out_(out) { out_ += '{'; }
    ~Object() { out_ += '}'; }
    Object(const Object&) = delete;
    Object& operator=(const Object&) = delete;

    /// Empty texts are left out.
    void text(std::string_view name, const std::string& value) {
        if (value.empty()) {
            return;
        }
        begin(name);
        if (value.find('\0') == std::string::npos) {
            base::append_json_string(out_, value);
        } else {
            base::append_json_string(out_, without_zero_bytes(value));
        }
    }
    /// `value` needs no escapes.
    void plain(std::string_view name, std::string_view value) {
        begin(name);
        out_.append(1, '"').append(value).append(1, '"');
    }
    template <typename Number>
    void number(std::string_view name, Number value) {
        std::array<char, 24> digits{};
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
        begin(name);
        out_.append(digits.data(), end);
    }
    template <typename Number>
    void number(std::string_view name, const std::optional<Number>& value) {
        if (value) {
            number(name, *value);
        }
    }

private:
    void begin(std::string_view name) {
        if (out_.back() != '{') {
            out_ += ',';
        }
        out_.append(1, '"').append(name).append("\":");
    }

    std::string& out_;
};

void append(std::string& out, const DeliveryResult& result) {
    Object object(out);
    object.text("event_id", result.event_id);
    object.text("subscription_id", result.subscription_id);
    object.number("lease_token", result.lease_token);
    object.number("attempt_no", result.attempt_no);
    object.plain("outcome", outcome_name(result.outcome));
    object.number("started_at_us", result.started_at_us);
    object.number("response_bytes", result.response_bytes);
    object.number("total_us", result.total_us);
    object.number("retry_after_us", result.retry_after_us);
    object.number("http_status", result.http_status);
    object.text("error_class", result.error_class);
    object.text("error_detail", result.error_detail);
    object.text("url", result.url);
    object.text("remote_address", result.remote_address);
    object.text("signed_with", result.signed_with);
    object.text("response_headers", result.response_headers);
    if (!result.response_body.empty()) {
        object.plain("response_body", to_base64(result.response_body));
    }
    object.number("dns_us", result.dns_us);
    object.number("connect_us", result.connect_us);
    object.number("tls_us", result.tls_us);
    object.number("first_byte_us", result.first_byte_us);
}

}  // namespace

std::string results_to_json(std::span<const DeliveryResult> results) {
    constexpr std::size_t kUsualSize = 600;
    std::string out;
    out.reserve(results.size() * kUsualSize + 2);
    out += '[';
    for (const DeliveryResult& result : results) {
        if (&result != results.data()) {
            out += ',';
        }
        append(out, result);
    }
    return out += ']';
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
