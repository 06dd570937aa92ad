// Which SQLSTATEs mean "repeat the call" and which mean "make a new connection".
#include "pg/error.hpp"

#include <string_view>

namespace moai::pg {

bool Error::retryable() const noexcept { return sqlstate_ == "40001" || sqlstate_ == "40P01"; }

bool Error::connection_lost() const noexcept {
    const std::string_view state = sqlstate_;
    // 57P01 to 57P05 all end the session; 25006 means that the server has become a standby: the primary is elsewhere
    // now.
    return state.empty() || state.starts_with("08") || state.starts_with("57P0") || state == "25006";
}

bool Error::outcome_unknown() const noexcept { return connection_lost() && sqlstate_ != "25006"; }

}  // namespace moai::pg
