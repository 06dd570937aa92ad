// Text from others, made harmless for the terminal that shows it.
#pragma once

#include <string>
#include <string_view>

namespace moai::app {

/// The text with a blank for each byte that is no UTF-8 and each character that could steer a terminal or turn the
/// reading direction: C0 and C1 controls (line ends too), DEL, bidirectional marks.
[[nodiscard]] std::string terminal_text(std::string_view text);

}  // namespace moai::app
