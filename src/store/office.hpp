// The sentinel's side of the doorbell: one C++ function for each SQL function of db/functions/worker that the doorbell
// stands on.
#pragma once

#include <chrono>
#include <functional>

#include "pg/error.hpp"
#include "store/delivery_queue.hpp"

namespace moai::store {

/// One session that waits for the sentinel's office and for the flag that it sleeps. Both are lost with the session.
/// Not thread-safe; callbacks come on the loop's thread, never from within the call.
class Office {
public:
    /// Was it granted within the patience? If not, what the claim of the same statement found, one delivery at most.
    struct Answer {
        bool granted = false;
        Claim claim;
    };
    using Answered = std::function<void(Answer answer, const pg::Error* error)>;
    using Asleep = std::function<void(bool asleep, const pg::Error* error)>;
    using Done = std::function<void(const pg::Error* error)>;

    virtual ~Office() = default;
    /// Connected, and no statement outstanding.
    [[nodiscard]] virtual bool ready() const = 0;
    // Each REQUIRES ready().
    /// Zero patience: only tries.
    virtual void await_office(std::chrono::milliseconds patience, Answered answered) = 0;
    virtual void fall_asleep(std::chrono::milliseconds patience, Asleep answered) = 0;
    virtual void wake_up(Done done) = 0;
    /// Every worker looks.
    virtual void call_for_help(Done done) = 0;
    virtual void leave_office(Done done) = 0;
};

}  // namespace moai::store
