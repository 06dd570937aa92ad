#include "delivery/keyring.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <stdexcept>

namespace moai::delivery {
namespace {

constexpr std::size_t kKeysKept = 4096, kIdBytes = 4;

std::string id_of(std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
    if (EVP_Q_digest(nullptr, "SHA256", nullptr, text.data(), text.size(), hash.data(), nullptr) != 1) {
        throw std::runtime_error("OpenSSL has no SHA-256");
    }
    std::string id;
    for (std::size_t i = 0; i < kIdBytes; ++i) {
        id += fmt::format("{:02x}", hash.at(i));
    }
    return id;
}

}  // namespace

const Keyring::Key& Keyring::key(std::string_view text) {
    const std::string name(text);
    const auto known = keys_.find(name);
    if (known != keys_.end()) {
        return known->second;
    }
    if (keys_.size() >= kKeysKept) {
        keys_.clear();
    }
    return keys_.emplace(name, Key{Secret::parse(text), id_of(text)}).first->second;
}

}  // namespace moai::delivery
