// The HTTP server: reads requests from sockets, hands them to an api::Handler, or several at once to an
// api::GroupHandler, and writes the answers.
//
// Underneath is Pistache's reactor (one epoll loop per I/O thread). Its HTTP parser, router, response writer and
// connection queues are left out on purpose: each has defects that untrusted bytes reach (see io_thread.hpp).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "api/request.hpp"
#include "base/unique_fd.hpp"
#include "config/values.hpp"

namespace moai::http {

/// The address cannot be listened on; what() names the address and the reason.
class ListenError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

struct ServerOptions {
    config::ListenAddress listen{"127.0.0.1", 3000};  ///< port 0 takes any free one
    std::size_t threads = 16;                         ///< requests handled at once; more wait their turn in order
    std::size_t io_threads = 2;                 ///< threads that read and write sockets; they never wait for a handler
    std::size_t max_connections = 1'000;        ///< one more gets 503; lowered to what RLIMIT_NOFILE allows
    std::size_t max_body = 2U << 20;            ///< bytes
    std::size_t memory_for_bodies = 64U << 20;  ///< bytes of all bodies announced and not yet answered; more get 503
    std::size_t max_header_bytes = 16U << 10;
    std::size_t max_path = 2U << 10;  ///< bytes of the undecoded path; the query may be as long again twice
    std::chrono::milliseconds header_timeout{10'000};   ///< from connect or a request's first byte to its blank line
    std::chrono::milliseconds body_timeout{10'000};     ///< from the blank line to the body's last byte
    std::chrono::milliseconds request_timeout{14'500};  ///< from connect or first byte to last, whatever is left of the
                                                        ///< others; time-outs are looked for every 250 ms
    std::chrono::milliseconds queue_timeout{5'000};     ///< a request that waited longer for a thread gets 503
    /// A client that shut its sending side may still read; one whose request waited this long is taken for gone.
    std::chrono::milliseconds half_close_patience{1'000};
    std::chrono::milliseconds write_timeout{15'000};  ///< for a client to take one answer
    std::chrono::milliseconds keepalive{60'000};      ///< idle time between two requests
    std::vector<std::string>
        allowed_hosts;  ///< Host values accepted beside loopback and the bound address: "name" or "name:port"

    /// True for requests answered from memory: they are handled on the I/O thread and so never queue behind others.
    std::function<bool(const api::Request&)> answers_at_once;
    /// True for requests that the group handler answers, together with those of other clients that come at the same
    /// time. They have threads of their own: handlers that wait do not hold them up.
    std::function<bool(const api::Request&)> goes_in_group;
    std::size_t group_threads = 2;  ///< groups handled at once
    std::size_t max_group = 64;     ///< requests in a group
    /// Requests left out of their groups that the handler will keep waiting, at once. Whoever has waited longer than
    /// this for one of these threads is answered by GroupAnswer::if_too_many_wait.
    std::size_t waiting_threads = 4;
    std::chrono::milliseconds waiter_patience{100};
    std::size_t max_group_bytes = 1U << 20;  ///< bytes of the bodies of a group; a larger one goes by itself
    /// True for POST, PUT or PATCH requests that may come without a Content-Length (then without a body, and the
    /// connection closes).
    std::function<bool(const api::Request&)> body_optional;
    /// Told of each request the server itself refused (framing, limits, Host, origin, time-outs, overload), by status.
    std::function<void(int status)> on_refused;
    /// Told of each exception that left the handler or the connection's own code; the client sees only the request id.
    std::function<void(std::string_view request_id, std::string_view what)> on_handler_error;
};

/// Serves one address. start() and stop() from one thread, the rest from any.
/// Threads made by start() inherit the caller's signal mask. Never raises SIGPIPE.
class Server {
public:
    /// `group_handler` is needed only with options.goes_in_group.
    Server(ServerOptions options, api::Handler handler, api::GroupHandler group_handler = nullptr);
    /// Stops without draining if still running.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Binds and begins to serve; returns at once. Throws ListenError.
    void start();
    /// The same on a socket that open_listen_socket() opened for the address of the options, earlier.
    void start(base::UniqueFd listener);
    /// Accepts no more, answers what is in flight with "Connection: close" for at most `drain`, then closes everything.
    /// Returns when no handler runs any more (a running one is waited for beyond `drain`): whether all connections had
    /// ended within `drain`, none cut off.
    bool stop(std::chrono::milliseconds drain);

    /// The bound port. REQUIRES: started.
    [[nodiscard]] std::uint16_t port() const noexcept;
    [[nodiscard]] std::size_t open_connections() const noexcept;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace moai::http
