// Lists as PostgreSQL reads them.
#pragma once

#include <string>
#include <vector>

namespace moai::cli {

/// {"a","b"}: every element quoted, so that none means anything but itself.
[[nodiscard]] std::string array_text(const std::vector<std::string>& items);

}  // namespace moai::cli
