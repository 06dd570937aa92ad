// Keys by OpenSSL, which takes an ed25519 private key as its 32 bytes of seed.
#include "delivery/secret.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "delivery/base64.hpp"

namespace moai::delivery {
namespace {

using Bytes = std::vector<unsigned char>;

constexpr std::string_view kSymmetric = "whsec_", kPrivate = "whsk_", kPublic = "whpk_";
constexpr std::size_t kShortest = 24, kLongest = 64;
constexpr std::size_t kSeed = 32, kPublicKey = 32;

Bytes decoded(std::string_view base64) {
    if (base64.empty()) {
        throw std::invalid_argument("the secret is empty");
    }
    auto bytes = base64_decode(base64);
    if (!bytes) {
        throw std::invalid_argument("the secret is not base64 of the standard alphabet with padding");
    }
    return std::move(*bytes);
}

void expect_size(const Bytes& bytes, std::size_t size) {
    if (bytes.size() != size) {
        throw std::invalid_argument(fmt::format("the key has {} bytes, it must have {}", bytes.size(), size));
    }
}

std::shared_ptr<EVP_PKEY> owned(EVP_PKEY* key) {
    if (key == nullptr) {
        throw std::runtime_error("OpenSSL has no ed25519");
    }
    return {key, EVP_PKEY_free};
}

Bytes public_bytes(const EVP_PKEY* key) {
    Bytes bytes(kPublicKey);
    std::size_t size = bytes.size();
    if (EVP_PKEY_get_raw_public_key(key, bytes.data(), &size) != 1 || size != kPublicKey) {
        throw std::runtime_error("OpenSSL gives no ed25519 public key");
    }
    return bytes;
}

std::string with_prefix(std::string_view prefix, const Bytes& bytes) {
    return std::string(prefix) + base64_encode(bytes.data(), bytes.size());
}

}  // namespace

Secret::Secret(Kind kind, Bytes bytes, std::shared_ptr<evp_pkey_st> key)
    : kind_(kind), bytes_(std::move(bytes)), key_(std::move(key)) {}

Secret Secret::parse(std::string_view text) {
    if (text.starts_with(kPrivate)) {
        Bytes bytes = decoded(text.substr(kPrivate.size()));
        expect_size(bytes, kSeed + kPublicKey);
        auto key = owned(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes.data(), kSeed));
        const Bytes public_key = public_bytes(key.get());
        if (!std::equal(public_key.begin(), public_key.end(), bytes.begin() + kSeed)) {
            throw std::invalid_argument("the two halves of the private key do not belong together");
        }
        return {Kind::private_key, {}, std::move(key)};
    }
    if (text.starts_with(kPublic)) {
        const Bytes bytes = decoded(text.substr(kPublic.size()));
        expect_size(bytes, kPublicKey);
        return {Kind::public_key,
                {},
                owned(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes.data(), bytes.size()))};
    }
    if (text.starts_with(kSymmetric)) {
        text.remove_prefix(kSymmetric.size());
    }
    Bytes bytes = decoded(text);
    if (bytes.size() < kShortest || bytes.size() > kLongest) {
        throw std::invalid_argument(
            fmt::format("the secret has {} bytes, it must have {} to {}", bytes.size(), kShortest, kLongest));
    }
    return {Kind::symmetric, std::move(bytes), nullptr};
}

Secret Secret::generate() { return {Kind::private_key, {}, owned(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"))}; }

std::string Secret::private_text() const {
    Bytes bytes(kSeed);
    std::size_t size = bytes.size();
    if (EVP_PKEY_get_raw_private_key(key_.get(), bytes.data(), &size) != 1 || size != kSeed) {
        throw std::runtime_error("OpenSSL gives no ed25519 private key");
    }
    const Bytes public_key = public_bytes(key_.get());
    bytes.insert(bytes.end(), public_key.begin(), public_key.end());
    return with_prefix(kPrivate, bytes);
}

std::string Secret::public_text() const { return with_prefix(kPublic, public_bytes(key_.get())); }

}  // namespace moai::delivery
