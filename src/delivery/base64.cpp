// base64 through OpenSSL's block functions, which need guarding: they ignore white space and miscount padding.
#include "delivery/base64.hpp"

#include <openssl/evp.h>

#include <limits>
#include <stdexcept>

namespace moai::delivery {
namespace {

int block_size(std::size_t size) {
    // Four characters for three bytes must still fit OpenSSL's int.
    if (size > static_cast<std::size_t>(std::numeric_limits<int>::max()) / 2) {
        throw std::length_error("base64: too long");
    }
    return static_cast<int>(size);
}

}  // namespace

std::string base64_encode(const unsigned char* data, std::size_t size) {
    std::string text((size + 2) / 3 * 4 + 1, '\0');  // OpenSSL writes a final NUL
    const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), data, block_size(size));
    text.resize(static_cast<std::size_t>(length));
    return text;
}

std::optional<std::vector<unsigned char>> base64_decode(std::string_view text) {
    if (text.size() % 4 != 0) {
        return std::nullopt;
    }
    std::vector<unsigned char> bytes(text.size() / 4 * 3);
    if (text.empty()) {
        return bytes;
    }
    const int length =
        EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(text.data()), block_size(text.size()));
    if (length < 0) {
        return std::nullopt;
    }
    const std::size_t padding = text.ends_with("==") ? 2U : (text.ends_with('=') ? 1U : 0U);
    if (static_cast<std::size_t>(length) < padding) {
        return std::nullopt;
    }
    bytes.resize(static_cast<std::size_t>(length) - padding);
    // What OpenSSL tolerates (trimmed white space, padding inside, stray bits) does not survive the way back.
    if (base64_encode(bytes.data(), bytes.size()) != text) {
        return std::nullopt;
    }
    return bytes;
}

}  // namespace moai::delivery
