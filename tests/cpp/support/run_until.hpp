// Runs an event loop in a test until something has happened, with a deadline.
#pragma once

#include <chrono>
#include <functional>

#include "base/event_loop.hpp"

namespace moai::test {

/// Serves `loop` until `happened()`, which is asked whenever a callback of the test calls loop.stop(). False after
/// `patience`.
inline bool run_until(base::EventLoop& loop, const std::function<bool()>& happened,
                      std::chrono::milliseconds patience = std::chrono::seconds(20)) {
    bool expired = false;
    const auto deadline = loop.at(std::chrono::steady_clock::now() + patience, [&] {
        expired = true;
        loop.stop();
    });
    while (!happened() && !expired) {
        loop.run();
    }
    loop.cancel(deadline);
    return happened();
}

}  // namespace moai::test
