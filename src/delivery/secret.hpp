// The keys that webhooks are signed and verified with, as Standard Webhooks 1.0.0 writes them.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace moai::delivery {

/// A key, decoded. A value; never printed.
class Secret {
public:
    enum class Kind {
        symmetric,    ///< "whsec_": HMAC-SHA256, signatures of version "v1"
        private_key,  ///< "whsk_": ed25519 (RFC 8032), "v1a"; 64 bytes, the seed and the public key
        public_key,   ///< "whpk_": ed25519, verifies only
    };

    /// Decodes the base64 with padding after the prefix; without a prefix it is symmetric. Throws
    /// std::invalid_argument, whose text names the fault and never the secret, unless 24 to 64 bytes (symmetric), 64
    /// that belong together (private) or 32 (public) come out.
    [[nodiscard]] static Secret parse(std::string_view text);
    /// A new private key.
    [[nodiscard]] static Secret generate();

    [[nodiscard]] Kind kind() const noexcept { return kind_; }
    /// The version that its signatures bear.
    [[nodiscard]] std::string_view version() const noexcept { return kind_ == Kind::symmetric ? "v1" : "v1a"; }
    /// Of a symmetric one.
    [[nodiscard]] const std::vector<unsigned char>& bytes() const noexcept { return bytes_; }
    /// Of the others.
    [[nodiscard]] evp_pkey_st* key() const noexcept { return key_.get(); }
    /// REQUIRES: a private key. "whsk_...".
    [[nodiscard]] std::string private_text() const;
    /// REQUIRES: not symmetric. "whpk_...".
    [[nodiscard]] std::string public_text() const;

private:
    Secret(Kind kind, std::vector<unsigned char> bytes, std::shared_ptr<evp_pkey_st> key);

    Kind kind_;
    std::vector<unsigned char> bytes_;
    std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace moai::delivery
