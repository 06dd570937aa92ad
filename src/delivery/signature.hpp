// Standard Webhooks 1.0.0: signing and verifying, by the schemes "v1" (HMAC-SHA256) and "v1a" (ed25519).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "delivery/secret.hpp"

namespace moai::delivery {

/// One entry of a webhook-signature header: "v1," or "v1a," and the base64 of the signature of
/// "<id>.<timestamp>.<body>". Throws std::invalid_argument if `id` is empty or contains a dot (it would be ambiguous),
/// `timestamp` is negative, or the secret is a public key. Thread-safe.
[[nodiscard]] std::string sign(const Secret& secret, std::string_view id, std::int64_t timestamp,
                               std::string_view body);

/// What verify() found. The text form is for people.
enum class Verdict {
    accepted,
    missing_header,  ///< id, timestamp or signature is empty
    bad_timestamp,   ///< not a plain decimal integer
    too_old,         ///< more than the tolerance before now
    too_new,         ///< more than the tolerance after now
    no_match,        ///< no entry of the secret's version matches; other versions are skipped
};
[[nodiscard]] std::string_view verdict_text(Verdict verdict) noexcept;

constexpr std::chrono::seconds kTolerance{300};

/// What a receiver does with the three headers and the raw body; `now` is Unix time. Compares in constant time.
/// Thread-safe.
[[nodiscard]] Verdict verify(const Secret& secret, std::string_view id, std::string_view timestamp,
                             std::string_view signatures, std::string_view body, std::int64_t now,
                             std::chrono::seconds tolerance = kTolerance);

}  // namespace moai::delivery
