// A key pair for signatures that anybody may verify.
#pragma once

#include <string>

namespace moai::app {

struct KeyPair {
    std::string secret, public_key;  ///< "whsk_..." and "whpk_...", as Standard Webhooks writes them
};

/// Of ed25519, by OpenSSL's random source. Thread-safe. Throws std::runtime_error where OpenSSL has none.
[[nodiscard]] KeyPair make_key_pair();

}  // namespace moai::app
