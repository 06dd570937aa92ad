// VACUUM of the queue and ANALYZE of the partitioned tables: what a worker may ask for, and what came of it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "pg/error.hpp"

namespace moai::store {

struct UpkeepReport {
    enum class Result {
        done,     ///< what was needed was done; the server's own counts say so
        skipped,  ///< somebody else's lock was in the way (another VACUUM's, mostly)
        refused,  ///< this login may not; the server would only have warned
    };
    Result result = Result::done;
    bool vacuumed = false, analyzed = false;
    std::int64_t dead_rows = 0;  ///< in the queue before, as far as the server's statistics have it
    std::string owner;           ///< whose member may
    std::string login;           ///< who asked
};

/// Not thread-safe; callbacks come on the loop's thread, never from within the call.
class QueueUpkeep {
public:
    using Done = std::function<void(const UpkeepReport& report, const pg::Error* error)>;

    QueueUpkeep() = default;
    virtual ~QueueUpkeep() = default;
    QueueUpkeep(const QueueUpkeep&) = delete;
    QueueUpkeep& operator=(const QueueUpkeep&) = delete;

    /// Vacuums the queue, if `vacuum` or if many rows of it are dead, and analyzes what is due. Waits for nobody's lock
    /// and stops neither claims nor publishers. REQUIRES: no other tend() is outstanding.
    virtual void tend(bool vacuum, Done done) = 0;
};

}  // namespace moai::store
