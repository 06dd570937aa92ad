// Why a worker looks for work.
#pragma once

#include <string_view>

namespace moai::worker {

enum class WakeReason {
    notify,       ///< a publisher or an operator rang
    timer,        ///< the next due time has come
    safety_look,  ///< nothing was heard for the safety interval
    reconnect,    ///< notifications may have been missed
};
[[nodiscard]] std::string_view wake_reason_name(WakeReason reason) noexcept;

}  // namespace moai::worker
