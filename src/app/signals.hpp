// SIGTERM, SIGINT and SIGHUP as something to wait for, instead of something that interrupts.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>

#include "base/unique_fd.hpp"

namespace moai::app {

/// Blocks SIGTERM, SIGINT and SIGHUP (unless it is ignored: nohup) for this thread and all that it starts later, and
/// ignores SIGPIPE, for the rest of the process. Make one in main's thread before any other thread. The waits are for
/// that thread only.
class StopSignals {
public:
    StopSignals();

    enum class Woken { signal, descriptor, timeout };
    /// Waits for a signal (and takes it), for one of `descriptors` to become readable (-1 is skipped), or for
    /// `timeout`.
    [[nodiscard]] Woken wait(std::optional<std::chrono::milliseconds> timeout = std::nullopt,
                             std::initializer_list<int> descriptors = {});

    /// Readable while a signal waits to be taken.
    [[nodiscard]] int descriptor() const noexcept { return signal_fd_.get(); }
    /// From now on a signal does to this thread what it does by default: the next one ends the process.
    void let_through();

    /// "SIGTERM", "SIGINT" or "SIGHUP": the signal taken last; "" before any.
    [[nodiscard]] const char* last() const noexcept { return last_; }

private:
    void take();

    base::UniqueFd signal_fd_;
    const char* last_ = "";
};

/// Raises the soft limit of open files to the hard one; returns the limit in force.
std::uint64_t raise_open_file_limit();

}  // namespace moai::app
