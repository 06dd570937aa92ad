// Everything that moai counts, and the text that /metrics answers. docs/metrics.md lists the names.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace moai::metrics {

/// Why a worker looked for work.
enum class WakeReason {
    notify,          ///< a publisher or an operator rang
    timer,           ///< the next due time has come
    safety_look,     ///< nothing was heard for the safety interval
    reconnect,       ///< notifications may have been missed
    office,          ///< this worker has become the sentinel
    linger,          ///< the sentinel is awake: publishers are silent
    help,            ///< the sentinel called for help
    unanswered,      ///< somebody rang or asked, and nobody may have heard
    falling_asleep,  ///< the sentinel cannot sleep yet: somebody who was silent is still publishing
};
/// What became of one delivery when its attempt was recorded.
enum class Outcome { delivered, retried, dead_lettered };

/// Counters, gauges and histograms of one process. Safe from any thread; no call blocks for longer than a map look-up.
class Registry {
public:
    explicit Registry(std::string_view version);
    ~Registry();
    Registry(const Registry&) = delete;
    Registry& operator=(const Registry&) = delete;

    // The API.
    void events_accepted(std::uint64_t count = 1);
    void publish_group(std::size_t count);  ///< requests that one transaction published together
    /// `route` is the pattern ("/events/{id}"), never the path; methods outside RFC 9110 are counted as "other".
    void api_request(std::string_view method, std::string_view route, int status, std::chrono::microseconds took);

    // The worker.
    void claim(std::uint64_t batch_size);
    void claim_took(std::chrono::microseconds took);  ///< from asking to the answer
    void attempt(std::string_view error_class);
    void deliveries(Outcome outcome, std::uint64_t count);
    void orphaned(std::uint64_t count);
    void released(std::uint64_t count);
    void in_flight(std::uint64_t now);
    void connections(std::uint64_t now);  ///< sockets open to endpoints, idle ones included
    void parked(std::uint64_t count);     ///< deliveries moved out of the way because their endpoint has no room
    void unparked(std::uint64_t count);   ///< brought back because it has
    void breakers_open(std::uint64_t now);
    void wakeup(WakeReason reason);
    /// A safety look found work that no notification and no timer had announced. Stays 0 in a healthy system.
    void safety_look_catch();
    /// VACUUM of the queue and what goes with it: "done", "skipped", "refused" or "failed".
    void upkeep(std::string_view result);
    /// `connection` names its job: "listen" or "queue" (claims and results).
    void reconnect(std::string_view connection);
    /// Of a first attempt: from publishing to the first byte of its answer.
    void publish_to_first_byte(std::chrono::microseconds took);

    /// The exposition format 0.0.4 (text/plain; version=0.0.4). Asks the kernel for the process's descriptors.
    [[nodiscard]] std::string text() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace moai::metrics
