#include "app/receiver_secret.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "config/exit_code.hpp"

namespace moai::app {

delivery::Secret parse_receiver_secret(const std::string& text) {
    try {
        return delivery::Secret::parse(text);
    } catch (const std::invalid_argument& error) {
        throw config::Failure(config::ExitCode::configuration, fmt::format("--secret is not valid: {}", error.what()),
                              "it is the secret that `moai subscribe` printed, whsec_ and base64, or the public key, "
                              "whpk_, of a whsk_ one");
    }
}

}  // namespace moai::app
