// The secret that receivers on the command line are given.
#pragma once

#include <string>

#include "delivery/signature.hpp"

namespace moai::app {

/// Throws Failure(configuration), naming --secret and what is wrong with it, for a text that is none.
[[nodiscard]] delivery::Secret parse_receiver_secret(const std::string& text);

}  // namespace moai::app
