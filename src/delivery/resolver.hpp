// Name look-ups that cannot hold up the loop: bounded threads, a hard deadline, one look-up per name, a short memory.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/event_loop.hpp"
#include "delivery/name_lookup.hpp"

namespace moai::delivery {

struct ResolverOptions {
    std::size_t threads = 32;   ///< look-ups at a time, slow ones apart
    std::size_t max_slow = 96;  ///< slow look-ups that may still hold a thread before new ones must wait
    /// From here on a look-up is slow: another may start in its place, so that names that hang delay others this long
    /// and no longer.
    std::chrono::milliseconds slow_after{200};
    std::chrono::milliseconds deadline{3'000};  ///< from resolve() to its answer, waiting for a thread included
    std::chrono::seconds positive_ttl{30};
    std::chrono::seconds negative_ttl{5};
    std::size_t max_cached = 10'000;
};

/// Turns host names into addresses. Not thread-safe: used on the loop's thread only.
/// Threads exist only while they look something up, and are detached: getaddrinfo cannot be cancelled, and neither the
/// destructor nor a shutdown waits for one. Requests that are open at destruction are dropped, their `done` uncalled.
class Resolver {
public:
    /// Blocks; runs on a thread of its own, may outlive the Resolver, must not throw.
    using LookUp = std::function<Resolution(const std::string& name)>;
    using Done = std::function<void(std::shared_ptr<const Resolution>)>;

    explicit Resolver(base::EventLoop& loop, ResolverOptions options = {}, LookUp look_up = look_up_name);
    ~Resolver();
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    /// The remembered answer, found or failed; null if there is none or it is too old.
    [[nodiscard]] std::shared_ptr<const Resolution> cached(const std::string& name);
    /// Asks, joining a look-up of the same name that is under way. `done` is called once, later, within the deadline.
    void resolve(const std::string& name, Done done);

private:
    struct Shared;
    struct Flight;

    void start_queued();
    void start(const std::string& name, Flight& flight);
    void take_for_slow(const std::string& name);
    void give_up(const std::string& name);
    void finish(const std::string& name, const std::shared_ptr<const Resolution>& answer);
    void remember(const std::string& name, std::shared_ptr<const Resolution> answer);

    struct Remembered {
        std::shared_ptr<const Resolution> answer;
        base::EventLoop::SteadyTime until;
    };

    base::EventLoop& loop_;
    const ResolverOptions options_;
    std::shared_ptr<Shared> shared_;  ///< what the threads hold
    std::unordered_map<std::string, Flight> flights_;
    std::deque<std::string> queue_;  ///< names that wait for a thread; some may have been given up on since
    std::unordered_map<std::string, Remembered> cache_;
    std::size_t running_ = 0;  ///< threads whose look-up is not slow (yet)
    std::size_t slow_ = 0;     ///< the others
};

}  // namespace moai::delivery
