// Signing and verifying of Standard Webhooks with OpenSSL's HMAC and ed25519.
#include "delivery/signature.hpp"

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <stdexcept>

#include "delivery/base64.hpp"

namespace moai::delivery {
namespace {

struct MacDeleter {
    void operator()(EVP_MAC* mac) const noexcept { EVP_MAC_free(mac); }
    void operator()(EVP_MAC_CTX* context) const noexcept { EVP_MAC_CTX_free(context); }
};
using MacContext = std::unique_ptr<EVP_MAC_CTX, MacDeleter>;

/// HMAC-SHA256 without a key. To be copied: looking the algorithms up takes longer than hashing an event.
MacContext new_hmac() {
    const std::unique_ptr<EVP_MAC, MacDeleter> mac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
    MacContext context(EVP_MAC_CTX_new(mac.get()));
    std::string digest = "SHA256";
    const std::array<OSSL_PARAM, 2> parameters{
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0), OSSL_PARAM_construct_end()};
    if (!mac || !context || EVP_MAC_CTX_set_params(context.get(), parameters.data()) != 1) {
        throw std::runtime_error("OpenSSL has no HMAC-SHA256");
    }
    return context;
}

std::string hmac_of(const Secret& secret, std::string_view id, std::string_view timestamp, std::string_view body) {
    static const MacContext kHmac = new_hmac();
    const MacContext context(EVP_MAC_CTX_dup(kHmac.get()));
    const auto hash = [&](std::string_view part) {
        return EVP_MAC_update(context.get(), reinterpret_cast<const unsigned char*>(part.data()), part.size()) == 1;
    };
    const auto& key = secret.bytes();
    std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
    std::size_t size = 0;
    if (!context || EVP_MAC_init(context.get(), key.data(), key.size(), nullptr) != 1 || !hash(id) || !hash(".") ||
        !hash(timestamp) || !hash(".") || !hash(body) ||
        EVP_MAC_final(context.get(), mac.data(), &size, mac.size()) != 1) {
        throw std::runtime_error("HMAC-SHA256 failed");
    }
    return base64_encode(mac.data(), size);
}

struct DigestDeleter {
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};
using DigestContext = std::unique_ptr<EVP_MD_CTX, DigestDeleter>;

constexpr std::size_t kEd25519Signature = 64;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

/// Ed25519 hashes what it signs twice, so OpenSSL wants it in one piece.
std::string signed_content(std::string_view id, std::string_view timestamp, std::string_view body) {
    return fmt::format("{}.{}.{}", id, timestamp, body);
}

std::string ed25519_of(const Secret& secret, const std::string& content) {
    const DigestContext context(EVP_MD_CTX_new());
    std::array<unsigned char, kEd25519Signature> signature{};
    std::size_t size = signature.size();
    if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, secret.key()) != 1 ||
        EVP_DigestSign(context.get(), signature.data(), &size, bytes_of(content), content.size()) != 1) {
        throw std::runtime_error("signing by ed25519 failed");
    }
    return base64_encode(signature.data(), size);
}

bool ed25519_matches(const Secret& secret, const std::string& content, std::string_view signature) {
    const auto bytes = base64_decode(signature);
    const DigestContext context(EVP_MD_CTX_new());
    return bytes && bytes->size() == kEd25519Signature && context &&
           EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, secret.key()) == 1 &&
           EVP_DigestVerify(context.get(), bytes->data(), bytes->size(), bytes_of(content), content.size()) == 1;
}

bool same(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

std::string sign(const Secret& secret, std::string_view id, std::int64_t timestamp, std::string_view body) {
    if (id.empty() || id.find('.') != std::string_view::npos) {
        throw std::invalid_argument("a webhook id must not be empty or contain a dot");
    }
    if (timestamp < 0) {
        throw std::invalid_argument("a webhook timestamp must not be negative");
    }
    const std::string time = fmt::format("{}", timestamp);
    switch (secret.kind()) {
        case Secret::Kind::symmetric: return fmt::format("{},{}", secret.version(), hmac_of(secret, id, time, body));
        case Secret::Kind::private_key:
            return fmt::format("{},{}", secret.version(), ed25519_of(secret, signed_content(id, time, body)));
        case Secret::Kind::public_key: break;
    }
    throw std::invalid_argument("a public key signs nothing");
}

std::string_view verdict_text(Verdict verdict) noexcept {
    switch (verdict) {
        case Verdict::accepted: return "accepted";
        case Verdict::missing_header: return "a webhook header is missing";
        case Verdict::bad_timestamp: return "webhook-timestamp is not an integer";
        case Verdict::too_old: return "webhook-timestamp is too old";
        case Verdict::too_new: return "webhook-timestamp is too new";
        case Verdict::no_match: return "no signature matches";
    }
    return "no signature matches";
}

Verdict verify(const Secret& secret, std::string_view id, std::string_view timestamp, std::string_view signatures,
               std::string_view body, std::int64_t now, std::chrono::seconds tolerance) {
    if (id.empty() || timestamp.empty() || signatures.empty()) {
        return Verdict::missing_header;
    }
    std::int64_t signed_at = 0;
    const auto [end, error] = std::from_chars(timestamp.data(), timestamp.data() + timestamp.size(), signed_at);
    if (error != std::errc() || end != timestamp.data() + timestamp.size() || signed_at < 0) {
        return Verdict::bad_timestamp;
    }
    // signed_at is not negative, so neither difference can overflow for a `now` of this universe.
    if (signed_at < now - tolerance.count()) {
        return Verdict::too_old;
    }
    if (signed_at > now + tolerance.count()) {
        return Verdict::too_new;
    }
    // The timestamp's own text is signed: a sender may have written leading zeros.
    const bool is_symmetric = secret.kind() == Secret::Kind::symmetric;
    const std::string expected =
        is_symmetric ? hmac_of(secret, id, timestamp, body) : signed_content(id, timestamp, body);
    bool matched = false;
    while (!signatures.empty()) {
        const auto end_of_entry = std::min(signatures.find(' '), signatures.size());
        const std::string_view entry = signatures.substr(0, end_of_entry);
        signatures.remove_prefix(std::min(end_of_entry + 1, signatures.size()));
        const auto comma = entry.find(',');
        if (comma != std::string_view::npos && entry.substr(0, comma) == secret.version()) {
            const auto signature = entry.substr(comma + 1);
            matched =
                (is_symmetric ? same(signature, expected) : ed25519_matches(secret, expected, signature)) || matched;
        }
    }
    return matched ? Verdict::accepted : Verdict::no_match;
}

}  // namespace moai::delivery
