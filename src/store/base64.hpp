// Base64 with padding (RFC 4648, section 4), as PostgreSQL's decode(..., 'base64') takes it.
#pragma once

#include <string>
#include <string_view>

namespace moai::store {

[[nodiscard]] std::string to_base64(std::string_view bytes);

}  // namespace moai::store
