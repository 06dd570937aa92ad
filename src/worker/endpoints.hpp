// All endpoints that a worker has to do with: who may be sent to now, who waits, and whose deliveries stay parked.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "store/delivery_queue.hpp"
#include "worker/claimed.hpp"
#include "worker/endpoint.hpp"

namespace moai::worker {

/// A claimed delivery is sent at once if its endpoint has room. If not it waits here, for as long as the endpoint's
/// horizon; then it is parked in the database, its endpoint is *crowded*, and from then on claims park what is due of
/// it. A crowded endpoint that has room asks for the oldest of its parked deliveries (wanted()), until there are none.
/// Does no I/O: `send` and `park` are called from within its methods, and must not call it. Not thread-safe. The clock
/// is passed in.
class Endpoints {
public:
    using SteadyTime = std::chrono::steady_clock::time_point;

    struct Calls {
        /// False: it cannot be sent, and was told so. True: answered by finished().
        std::function<bool(Claimed, Endpoint::Ticket)> send;
        /// Answered by settled(), when the database has it.
        std::function<void(Claimed)> park;
    };
    /// What crowded endpoints have room for: the arguments of claim_parked().
    struct Wanted {
        std::vector<std::string> subscription_ids;
        std::vector<int> counts;
        [[nodiscard]] bool empty() const noexcept { return subscription_ids.empty(); }
    };

    Endpoints(const Endpoint::Options& options, Calls calls);

    /// Sends it, keeps it for a moment, or parks it.
    void admit(Claimed claimed, SteadyTime now);
    /// A request that was sent has ended. `reason`: what went wrong, for people.
    void finished(const std::string& subscription_id, Endpoint::Ticket ticket, Ending ending, const std::string& reason,
                  SteadyTime now);
    /// A delivery that was to be parked is, or its lease was lost.
    void settled(const std::string& subscription_id, SteadyTime now);
    /// What is due is done: waits end, tokens come, probes may go.
    void tick(SteadyTime now);
    /// When tick() is to be called next.
    [[nodiscard]] std::optional<SteadyTime> next_at() const;

    /// Endpoints whose due deliveries a claim is to park.
    [[nodiscard]] std::vector<std::string> saturated(SteadyTime now) const;
    /// A claim parked deliveries of some of these.
    void were_parked(const std::vector<std::string>& subscription_ids, SteadyTime now);

    [[nodiscard]] bool wants_parked() const noexcept { return !ready_.empty(); }
    /// What to ask for with so many free slots. In turn, so that none is forgotten while slots are few.
    [[nodiscard]] Wanted wanted(int free, SteadyTime now);
    /// What was asked for has come (and was admitted): an endpoint that got less has nothing parked any more.
    void came(const Wanted& asked, const store::Claim& claim, SteadyTime now);

    /// It could not be asked for: it is wanted again.
    void did_not_come(const Wanted& asked, SteadyTime now);

    /// What is held against this endpoint is forgotten.
    void renew(const std::string& subscription_id, SteadyTime now);
    /// What the database knows of endpoints. An endpoint that is known here keeps its breaker, unless its URL is
    /// another.
    void adopt(const std::vector<store::KnownEndpoint>& known, SteadyTime now);
    /// Breakers that have opened or closed since the last call.
    [[nodiscard]] std::vector<store::BreakerChange> take_changes(SteadyTime now);
    /// They could not be told; what has happened since goes before.
    void put_back(const std::vector<store::BreakerChange>& changes);
    [[nodiscard]] bool has_changes() const noexcept { return !changed_.empty(); }

    /// Deliveries that wait here.
    [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }
    /// All of them, which wait no more.
    [[nodiscard]] std::vector<Claimed> take_waiting();
    [[nodiscard]] std::size_t open_breakers() const noexcept { return open_breakers_; }

private:
    struct Waiting {
        Claimed claimed;
        SteadyTime until;
    };
    struct Node {
        Node(std::string subscription_id, const EndpointLimits& limits, const Endpoint::Options& options,
             SteadyTime now)
            : id(std::move(subscription_id)), endpoint(limits, options, now) {}
        std::string id, url, reason;
        Endpoint endpoint;
        std::deque<Waiting> waiting;
        bool crowded = false;  // some of its deliveries are, or may be, parked
        bool asked = false;    // for some of them, no answer yet
        bool unsettled =
            false;        // what was asked for may have been on its way to the database: do not ask before it is there
        int parking = 0;  // on its way
        std::uint64_t parks = 0;           // in all
        std::uint64_t settled_at_ask = 0;  // of them, when it asked
        bool open = false;                 // counted in open_breakers_
        std::optional<SteadyTime> timer;
    };
    struct ById {
        bool operator()(const Node* a, const Node* b) const noexcept { return a->id < b->id; }
    };

    Node& node(const std::string& subscription_id, const EndpointLimits& limits, SteadyTime now);
    void forget_idle(SteadyTime now);
    void send(Node& node, Claimed claimed, SteadyTime now);
    void park(Node& node, Claimed claimed);
    void pump(Node& node, SteadyTime now);
    void update(Node& node, SteadyTime now);
    void stands_at(Node& node, const std::string& url);
    void changed(Node& node, Breaker::Change change);
    [[nodiscard]] bool is_saturated(const Node& node, SteadyTime now) const;

    Endpoint::Options options_;
    Calls calls_;
    std::unordered_map<std::string, Node> nodes_;
    std::size_t forget_above_ = 1024;
    std::set<Node*, ById> limited_;  // crowded, or with a breaker that is not closed
    std::set<Node*, ById> ready_;    // crowded, with room, not asked for
    std::set<std::pair<SteadyTime, Node*>> timers_;
    std::string last_wanted_;
    std::map<std::string, bool> changed_;  // breakers that were not told yet: is it open?
    std::size_t waiting_ = 0, open_breakers_ = 0;
    std::minstd_rand random_;
};

}  // namespace moai::worker
