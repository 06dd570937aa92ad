// The keys that deliveries are signed with, read from their text once.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "delivery/secret.hpp"

namespace moai::delivery {

/// Not thread-safe. Keeps the 4096 keys that it saw last, about.
class Keyring {
public:
    struct Key {
        Secret secret;
        std::string id;  ///< the name of the secret that tells nothing of it, as moai_private.key_id has it
    };

    /// Throws as Secret::parse does. Valid until the next call.
    [[nodiscard]] const Key& key(std::string_view text);
    [[nodiscard]] std::size_t size() const noexcept { return keys_.size(); }

private:
    std::unordered_map<std::string, Key> keys_;
};

}  // namespace moai::delivery
