// The load on moai.publish: threads with a connection and a transaction for each event.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace moai::bench {

struct SqlLoad {
    std::string database_url;
    int publishers = 1;
    double seconds = 1;
    /// Events per second, all publishers together; 0: as fast as they can.
    double rate = 0;
    /// The event type of the nth event, from 0; "bench" if there is none.
    std::function<std::string(std::int64_t)> type = nullptr;
};

struct SqlLoadResult {
    std::int64_t published = 0;
    double seconds = 0;
    /// The greatest delay of an event's start at a given rate: more than a little says that the publishers did not keep
    /// it.
    double late_ms = 0;
};

/// Payloads are numbered from 1; "sent_at_us" is the moment before the statement is sent. Returns when all have ended.
/// Throws pg::Error.
[[nodiscard]] SqlLoadResult run_sql_load(const SqlLoad& load);

}  // namespace moai::bench
