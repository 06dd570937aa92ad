// Standard Webhooks 1.0.0, symmetric scheme "v1": secrets, signing and verifying.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace moai::delivery {

/// The key of one subscription, decoded. A value; never printed.
class Secret {
public:
    /// Decodes base64 with padding, after "whsec_" if that is there. Throws std::invalid_argument, whose text names
    /// the fault and never the secret, unless 24 to 64 bytes come out.
    [[nodiscard]] static Secret parse(std::string_view text);

    [[nodiscard]] const std::vector<unsigned char>& bytes() const noexcept { return bytes_; }

private:
    explicit Secret(std::vector<unsigned char> bytes) : bytes_(std::move(bytes)) {}
    std::vector<unsigned char> bytes_;
};

/// One entry of a webhook-signature header: "v1," and base64 of HMAC-SHA256 over "<id>.<timestamp>.<body>".
/// Throws std::invalid_argument if `id` is empty or contains a dot (it would be ambiguous) or `timestamp` is negative.
[[nodiscard]] std::string sign(const Secret& secret, std::string_view id, std::int64_t timestamp,
                               std::string_view body);

/// What verify() found. The text form is for people.
enum class Verdict {
    accepted,
    missing_header,  ///< id, timestamp or signature is empty
    bad_timestamp,   ///< not a plain decimal integer
    too_old,         ///< more than the tolerance before now
    too_new,         ///< more than the tolerance after now
    no_match,        ///< no v1 entry of the list matches; other versions are skipped
};
[[nodiscard]] std::string_view verdict_text(Verdict verdict) noexcept;

constexpr std::chrono::seconds kTolerance{300};

/// What a receiver does with the three headers and the raw body; `now` is Unix time. Compares in constant time.
[[nodiscard]] Verdict verify(const Secret& secret, std::string_view id, std::string_view timestamp,
                             std::string_view signatures, std::string_view body, std::int64_t now,
                             std::chrono::seconds tolerance = kTolerance);

}  // namespace moai::delivery
