// One drain: workers started on a queue that was filled before, until everything is delivered and recorded.
#pragma once

#include "run.hpp"
#include "support/cpu.hpp"
#include "support/database.hpp"
#include "support/sink.hpp"

namespace moai::bench {

struct Drained {
    double rate = 0;        ///< deliveries/s from the first arrival to the last
    double statements = 0;  ///< sent by the workers, per delivery
    double requests = 0;    ///< per delivery
    CpuUse cpu;             ///< from the first arrival until everything was recorded
    double units = 0;       ///< deliveries that `cpu` was used for

    [[nodiscard]] double micros(double used) const { return 1e6 * used / units; }
    [[nodiscard]] std::string limit() const { return cpu.text(units); }
};

/// REQUIRES: `deliveries` due to `sink`, and nothing else. Throws std::runtime_error if they do not all come.
[[nodiscard]] Drained drain_queue(const Run& run, const Database& database, Sink& sink, int deliveries,
                                  int workers = 1);

}  // namespace moai::bench
