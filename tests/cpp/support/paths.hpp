// Where this build's things are. In functions, so that only one object depends on where the checkout lies.
#pragma once

#include <string>

namespace moai::test {

/// The root of the checkout.
[[nodiscard]] std::string source_dir();
/// The moai binary of this build.
[[nodiscard]] std::string moai_binary();

}  // namespace moai::test
