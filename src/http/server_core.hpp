// What all connections of one server share.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "api/problem.hpp"
#include "http/byte_budget.hpp"
#include "http/host_policy.hpp"
#include "http/request_framer.hpp"
#include "http/request_ids.hpp"
#include "http/request_queue.hpp"
#include "http/server.hpp"

namespace moai::http {

/// Counts connections and lets one thread wait for the last to go. Safe from any thread.
class ConnectionCount {
public:
    void add() noexcept { open_.fetch_add(1); }
    void remove();
    [[nodiscard]] std::size_t value() const noexcept { return open_.load(); }
    /// Waits until none is left, at most until `deadline`; true if none is.
    bool wait_for_none(std::chrono::steady_clock::time_point deadline);

private:
    std::atomic<std::size_t> open_{0};
    std::mutex mutex_;
    std::condition_variable none_;
};

/// Outlives every connection. All members may be used from any thread.
struct ServerCore {
    ServerCore(ServerOptions options_in, api::Handler handler_in, api::GroupHandler group_handler_in);

    /// Runs the handler; what it throws becomes a 500 that says nothing but the request id.
    [[nodiscard]] api::Response answer(const api::Request& request) const;
    /// The same of the group handler, and every request of the group.
    [[nodiscard]] std::vector<api::GroupAnswer> answer_group(std::span<const api::Request* const> requests) const;
    /// Tells options.on_handler_error, if there is one. Whatever that throws is lost: there is nobody left to tell.
    void report(std::string_view request_id, std::string_view what) const noexcept;

    const ServerOptions options;
    const api::Handler handler;
    const api::GroupHandler group_handler;
    const HostPolicy hosts;
    const FramerLimits limits;
    const std::size_t max_connections;  ///< options.max_connections, or what the descriptor limit leaves
    RequestIds ids;
    ConnectionCount connections;
    ByteBudget bodies;
    std::atomic<bool> draining{false};
    RequestQueue queue;    ///< to the handler
    RequestQueue waiters;  ///< to the handler, of those that will wait: they hold up nobody else
    RequestQueue groups;   ///< to the group handler
};

}  // namespace moai::http
