#include "app/request_check.hpp"

#include <fmt/format.h>

#include <charconv>

#include "app/receiver_secret.hpp"
#include "delivery/signature.hpp"

namespace moai::app {
namespace {

using delivery::Verdict;

std::string hint_for(Verdict verdict) {
    switch (verdict) {
        case Verdict::accepted: return "";
        case Verdict::missing_header: return "webhook-id, webhook-timestamp and webhook-signature must be there";
        case Verdict::bad_timestamp: return "webhook-timestamp is Unix seconds";
        case Verdict::too_old:
        case Verdict::too_new:
            return "the secret signed it, but not near enough to now; --at judges by another time, --tolerance by "
                   "another "
                   "distance";
        case Verdict::no_match:
            return "another secret signed it (each subscription has its own: moai-subscription-id names it), or a byte "
                   "of the body has changed: what a parser or an editor wrote is not what came";
    }
    return "";
}

}  // namespace

RequestCheck check_request(const CapturedRequest& request, const std::string& secret, std::int64_t now,
                           std::chrono::seconds tolerance) {
    const delivery::Secret key = parse_receiver_secret(secret);
    RequestCheck check;
    check.id = request.header("webhook-id");
    check.timestamp = request.header("webhook-timestamp");
    const auto verdict_at = [&](std::int64_t time) {
        return delivery::verify(key, check.id, check.timestamp, request.header("webhook-signature"), request.body, time,
                                tolerance);
    };
    Verdict verdict = verdict_at(now);
    if (verdict == Verdict::too_old || verdict == Verdict::too_new) {
        std::int64_t signed_at = 0;
        std::from_chars(check.timestamp.data(), check.timestamp.data() + check.timestamp.size(), signed_at);
        verdict = verdict_at(signed_at) == Verdict::no_match ? Verdict::no_match : verdict;
    }
    check.verified = verdict == Verdict::accepted;
    check.verdict = delivery::verdict_text(verdict);
    check.hint = hint_for(verdict);
    return check;
}

}  // namespace moai::app
