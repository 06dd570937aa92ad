// The version of this binary; the same as project(VERSION) in CMakeLists.txt, which a test compares.
#pragma once

#include <string_view>

namespace moai::config {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace moai::config
