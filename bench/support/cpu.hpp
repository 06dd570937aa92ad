// Who used the processors: read from /proc, in seconds, with the resolution of the kernel's ticks (10 ms).
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace moai::bench {

/// CPU time between two moments.
struct CpuUse {
    double moai = 0;      ///< the processes of moai that were named
    double postgres = 0;  ///< the server with all its processes
    double own = 0;       ///< this program: receiver, load, and whatever of moai was not named
    double busy = 0;      ///< the whole machine
    double capacity = 0;  ///< what the processors could have given

    /// 0 to 1.
    [[nodiscard]] double busy_share() const { return capacity > 0 ? busy / capacity : 0; }
    /// The share of the machine that others had.
    [[nodiscard]] double foreign_share() const;
    /// "96 % of 2 cores busy; µs each: moai 21.0, PostgreSQL 24.1, receiver and load 9.3"
    [[nodiscard]] std::string text(double units) const;
};

/// Measures from its construction on. The processes named must be running then and at read(). Not thread-safe.
class CpuMeter {
public:
    CpuMeter(pid_t postmaster, std::vector<pid_t> moai);
    [[nodiscard]] CpuUse read() const;

private:
    [[nodiscard]] CpuUse now() const;

    pid_t postmaster_;
    std::vector<pid_t> moai_;
    std::chrono::steady_clock::time_point begin_;
    CpuUse at_begin_;
};

/// CPU seconds of one process, all threads. Throws std::runtime_error if it is gone.
[[nodiscard]] double process_cpu(pid_t pid);

}  // namespace moai::bench
