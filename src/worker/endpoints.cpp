#include "worker/endpoints.hpp"

#include <algorithm>

namespace moai::worker {

namespace {

EndpointLimits limits_of(const store::ClaimedDelivery& delivery) {
    return {delivery.max_in_flight, delivery.rate_limit};
}

}  // namespace

Endpoints::Endpoints(const Endpoint::Options& options, Calls calls)
    : options_(options), calls_(std::move(calls)), random_(std::random_device{}()) {}

Endpoints::Node& Endpoints::node(const std::string& subscription_id, const EndpointLimits& limits, SteadyTime now) {
    if (const auto found = nodes_.find(subscription_id); found != nodes_.end()) {
        return found->second;
    }
    if (nodes_.size() >= forget_above_) {
        forget_idle(now);
    }
    return nodes_.try_emplace(subscription_id, subscription_id, limits, options_, now).first->second;
}

/// Seldom enough that it costs each newcomer next to nothing.
void Endpoints::forget_idle(SteadyTime now) {
    std::erase_if(nodes_, [&](const auto& entry) {
        const Node& node = entry.second;
        return node.waiting.empty() && !node.crowded && !node.asked && node.parking == 0 && !node.timer &&
               !changed_.contains(node.id) && node.endpoint.is_forgettable(now);
    });
    forget_above_ = std::max<std::size_t>(1024, 2 * nodes_.size());
}

void Endpoints::admit(Claimed claimed, SteadyTime now) {
    const EndpointLimits limits = limits_of(claimed.delivery);
    Node& node = this->node(claimed.delivery.subscription_id, limits, now);
    if (node.endpoint.limits() != limits) {
        node.endpoint.set_limits(limits, now);
    }
    stands_at(node, claimed.delivery.url);
    if (node.waiting.empty() && node.endpoint.may_send(now)) {
        send(node, std::move(claimed), now);
    } else if (node.endpoint.breaker().state(now) != Breaker::State::closed) {
        park(node, std::move(claimed));
    } else {
        ++waiting_;
        node.waiting.push_back({std::move(claimed), now + options_.horizon});
    }
    update(node, now);
}

void Endpoints::finished(const std::string& subscription_id, Endpoint::Ticket ticket, Ending ending,
                         const std::string& reason, SteadyTime now) {
    Node& node = nodes_.at(subscription_id);  // never forgotten while something is in flight
    if (ending.verdict == Verdict::fault || ending.verdict == Verdict::overload) {
        node.reason = reason;
    }
    const double share = std::uniform_real_distribution<double>(0, 1)(random_);
    changed(node, node.endpoint.finished(ticket, ending, now, share));
    pump(node, now);
    update(node, now);
}

void Endpoints::tick(SteadyTime now) {
    while (!timers_.empty() && timers_.begin()->first <= now) {
        Node& node = *timers_.begin()->second;
        pump(node, now);
        update(node, now);
        if (node.timer && *node.timer <= now) {
            break;  // not to be had by looking again at the same time
        }
    }
}

std::optional<Endpoints::SteadyTime> Endpoints::next_at() const {
    return timers_.empty() ? std::nullopt : std::optional(timers_.begin()->first);
}

void Endpoints::send(Node& node, Claimed claimed, SteadyTime now) {
    const auto ticket = node.endpoint.sent(now);
    if (!calls_.send(std::move(claimed), ticket)) {
        changed(node, node.endpoint.finished(ticket, {Verdict::nothing}, now, 0));
    }
}

void Endpoints::park(Node& node, Claimed claimed) {
    node.crowded = true;
    ++node.parking;
    ++node.parks;
    calls_.park(std::move(claimed));
}

void Endpoints::settled(const std::string& subscription_id, SteadyTime now) {
    if (const auto found = nodes_.find(subscription_id); found != nodes_.end()) {
        Node& node = found->second;
        if (--node.parking == 0) {
            node.unsettled = false;
            update(node, now);
        }
    }
}

/// Sends what waits and may go; parks what has waited for long enough, or has nothing to wait for.
void Endpoints::pump(Node& node, SteadyTime now) {
    while (!node.waiting.empty() && node.endpoint.may_send(now)) {
        Claimed claimed = std::move(node.waiting.front().claimed);
        node.waiting.pop_front();
        --waiting_;
        send(node, std::move(claimed), now);
    }
    const bool is_closed = node.endpoint.breaker().state(now) == Breaker::State::closed;
    while (!node.waiting.empty() && (!is_closed || node.waiting.front().until <= now)) {
        Claimed claimed = std::move(node.waiting.front().claimed);
        node.waiting.pop_front();
        --waiting_;
        park(node, std::move(claimed));
    }
}

/// Puts the node where it belongs. Most endpoints have all the room they need and are nowhere.
void Endpoints::update(Node& node, SteadyTime now) {
    const bool is_open = node.endpoint.breaker().state(now) != Breaker::State::closed;
    if (is_open != node.open) {
        node.open = is_open;
        open_breakers_ += is_open ? 1U : static_cast<std::size_t>(-1);
    }
    const auto put = [&node](std::set<Node*, ById>& set, bool in) {
        if (in) {
            set.insert(&node);
        } else if (!set.empty()) {
            set.erase(&node);
        }
    };
    put(limited_, node.crowded || is_open);
    const int waiting = static_cast<int>(node.waiting.size());
    // Not for each slot that comes free: what waits here is the reserve while the next ones are fetched.
    const bool may_ask = node.crowded && !node.asked && !node.unsettled;
    const int room = may_ask ? node.endpoint.headroom(now, waiting) : 0;
    put(ready_, room > 0 && room >= waiting);

    std::optional<SteadyTime> timer;
    if (!node.waiting.empty()) {
        timer = node.waiting.front().until;
    }
    if (!node.waiting.empty() || (may_ask && room == 0)) {
        if (const auto at = node.endpoint.next_at(now)) {
            timer = timer ? std::min(*timer, *at) : *at;
        }
    }
    if (timer != node.timer) {
        if (node.timer) {
            timers_.erase({*node.timer, &node});
        }
        if (timer) {
            timers_.insert({*timer, &node});
        }
        node.timer = timer;
    }
}

void Endpoints::stands_at(Node& node, const std::string& url) {
    if (node.url != url) {
        if (!node.url.empty()) {
            changed(node, node.endpoint.renew());
        }
        node.url = url;
    }
}

void Endpoints::changed(Node& node, Breaker::Change change) {
    if (change != Breaker::Change::none) {
        changed_[node.id] = change == Breaker::Change::opened;
    }
}

/// A crowded endpoint that takes them faster than they could be parked and brought back may have what is due directly.
bool Endpoints::is_saturated(const Node& node, SteadyTime now) const {
    if (node.endpoint.breaker().state(now) != Breaker::State::closed) {
        return true;
    }
    return node.crowded &&
           node.endpoint.headroom(now, static_cast<int>(node.waiting.size())) < options_.greatest_cap / 4;
}

std::vector<std::string> Endpoints::saturated(SteadyTime now) const {
    std::vector<std::string> ids;
    for (const Node* node : limited_) {
        if (is_saturated(*node, now)) {
            ids.push_back(node->id);
        }
    }
    return ids;
}

void Endpoints::were_parked(const std::vector<std::string>& subscription_ids, SteadyTime now) {
    for (const auto& id : subscription_ids) {
        if (const auto found = nodes_.find(id); found != nodes_.end()) {
            found->second.crowded = true;
            update(found->second, now);
        }
    }
}

Endpoints::Wanted Endpoints::wanted(int free, SteadyTime now) {
    Wanted wanted;
    std::vector<Node*> chosen;
    // From the one after the last that was served, and around.
    const auto start =
        std::find_if(ready_.begin(), ready_.end(), [this](const Node* n) { return n->id > last_wanted_; });
    std::vector<Node*> in_turn(start, ready_.end());
    in_turn.insert(in_turn.end(), ready_.begin(), start);
    for (Node* node : in_turn) {
        if (free <= 0) {
            break;
        }
        const int count = std::min(node->endpoint.headroom(now, static_cast<int>(node->waiting.size())), free);
        if (count > 0) {
            wanted.subscription_ids.push_back(node->id);
            wanted.counts.push_back(count);
            free -= count;
            node->asked = true;
            node->settled_at_ask = node->parks - static_cast<std::uint64_t>(node->parking);
            chosen.push_back(node);
        }
    }
    for (Node* node : chosen) {
        update(*node, now);
        last_wanted_ = node->id;
    }
    return wanted;
}

void Endpoints::came(const Wanted& asked, const store::Claim& claim, SteadyTime now) {
    std::unordered_map<std::string, int> came;
    for (const auto& delivery : claim.deliveries) {
        ++came[delivery.subscription_id];
    }
    for (std::size_t i = 0; i < asked.subscription_ids.size(); ++i) {
        Node& node = nodes_.at(asked.subscription_ids[i]);
        node.asked = false;
        if (came[node.id] < asked.counts[i]) {
            // Unless some were on their way: these it cannot have seen.
            node.crowded = node.parks != node.settled_at_ask;
            node.unsettled = node.parking > 0;
        }
        update(node, now);
    }
}

void Endpoints::did_not_come(const Wanted& asked, SteadyTime now) {
    for (const auto& id : asked.subscription_ids) {
        Node& node = nodes_.at(id);
        node.asked = false;
        update(node, now);
    }
}

void Endpoints::renew(const std::string& subscription_id, SteadyTime now) {
    if (const auto found = nodes_.find(subscription_id); found != nodes_.end()) {
        changed(found->second, found->second.endpoint.renew());
        update(found->second, now);
    }
}

void Endpoints::adopt(const std::vector<store::KnownEndpoint>& known, SteadyTime now) {
    for (const auto& one : known) {
        const bool is_new = !nodes_.contains(one.subscription_id);
        Node& node = this->node(one.subscription_id, {one.max_in_flight, one.rate_limit}, now);
        node.crowded = node.crowded || one.has_parked;
        stands_at(node, one.url);
        if (is_new && one.open) {
            node.reason = one.open->reason;
            node.endpoint.breaker().restore(now + one.open->probe_in, one.open->consecutive_failures,
                                            one.open->times_opened);
        }
        update(node, now);
    }
}

std::vector<store::BreakerChange> Endpoints::take_changes(SteadyTime now) {
    std::vector<store::BreakerChange> changes;
    for (const auto& [id, is_open] : std::exchange(changed_, {})) {
        const Node& node = nodes_.at(id);
        store::BreakerChange change;
        change.subscription_id = id;
        if (is_open) {
            const Breaker& breaker = node.endpoint.breaker();
            change.open =
                store::OpenBreaker{std::chrono::duration_cast<std::chrono::microseconds>(breaker.probe_at() - now),
                                   breaker.consecutive_faults(), breaker.times_opened(), node.reason};
        }
        changes.push_back(std::move(change));
    }
    return changes;
}

void Endpoints::put_back(const std::vector<store::BreakerChange>& changes) {
    for (const auto& change : changes) {
        if (nodes_.contains(change.subscription_id)) {
            changed_.try_emplace(change.subscription_id, change.open.has_value());
        }
    }
}

std::vector<Claimed> Endpoints::take_waiting() {
    std::vector<Claimed> taken;
    for (auto& [id, node] : nodes_) {
        for (auto& waiting : std::exchange(node.waiting, {})) {
            taken.push_back(std::move(waiting.claimed));
        }
    }
    waiting_ = 0;
    return taken;
}

}  // namespace moai::worker
