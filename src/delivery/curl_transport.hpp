// The worker's HTTP client: libcurl's multi interface driven by the worker's own event loop.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/event_loop.hpp"
#include "delivery/egress_policy.hpp"
#include "delivery/resolver.hpp"
#include "worker/transport.hpp"

namespace moai::delivery {

struct CurlTransportOptions {
    /// Open connections beyond which an idle one is closed; about as many as requests in flight keeps them all alive.
    std::size_t max_connections = 1024;
    /// A connection that was idle for longer is not used again: many load balancers cut theirs after 60 s, and a
    /// request that meets the cut is sent twice (see CurlTransport). libcurl counts whole seconds.
    std::chrono::seconds most_idle{30};
    /// Nor is one that is older, idle or not: otherwise a busy one would never follow a change of the receiver's
    /// addresses or keys.
    std::chrono::seconds most_age{300};
    std::size_t response_kept =
        std::size_t{16} * 1024;  ///< bytes of a response's body that the result carries, and of its headers
    std::uint64_t response_read =
        std::uint64_t{64} * 1024;  ///< bytes of body after which reading stops and the status decides
    std::uint64_t response_headers =
        std::uint64_t{64} * 1024;  ///< bytes of headers after which the response is invalid
    ResolverOptions resolver;
    std::function<void(std::size_t)> on_connections;  ///< told how many are open, idle ones included; may be empty
    EgressPolicy egress;                              ///< which addresses may be connected to
    std::string ca_file;                              ///< PEM of the authorities that are believed; empty: the system's
};

/// The HTTP client and what it was built with, with their versions: what a report of a fault needs to name.
[[nodiscard]] std::string client_version();

/// Carries requests over HTTP/1.1 with keep-alive, thousands at once, on the loop's thread. Not thread-safe.
/// Follows no redirect, uses no proxy, cookie or .netrc, decompresses nothing. The process must ignore SIGPIPE.
/// One attempt can reach the receiver twice: libcurl repeats a request whose re-used connection turns out to have been
/// closed before the first byte of an answer. The repeat bears the same headers and body.
/// The loop must outlive it. Requests in flight at destruction are dropped, their `done` uncalled; nothing is waited
/// for. Must not be destroyed from within a `done`.
class CurlTransport : public worker::Transport {
public:
    explicit CurlTransport(base::EventLoop& loop, CurlTransportOptions options = {},
                           Resolver::LookUp look_up = look_up_name);
    ~CurlTransport() override;
    CurlTransport(const CurlTransport&) = delete;
    CurlTransport& operator=(const CurlTransport&) = delete;

    void send(worker::OutgoingRequest request, Done done) override;
    [[nodiscard]] std::size_t in_flight() const override;
    void begin_now() override;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace moai::delivery
