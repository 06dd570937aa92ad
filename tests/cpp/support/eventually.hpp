// Waits until something has become true, with a deadline.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

namespace moai::test {

/// Asks `holds` every few milliseconds until it says yes; false if `patience` ends first. For what nobody announces,
/// like a row in a table.
[[nodiscard]] inline bool eventually(const std::function<bool()>& holds,
                                     std::chrono::milliseconds patience = std::chrono::seconds(30)) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > deadline) {
            return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
}

}  // namespace moai::test
