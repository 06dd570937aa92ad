// A webhook receiver on a loopback port, for tests: records what arrives and answers, or misbehaves, as it is told.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/receiver_log.hpp"
#include "support/throwaway_ca.hpp"

namespace moai::test {

/// What to do with a request.
struct Answer {
    enum class Behaviour {
        normal,                ///< the whole answer, then keep-alive
        hang_after_request,    ///< read the request, never answer
        hang_after_headers,    ///< status line and headers that announce `body`, then silence
        drip,                  ///< the whole answer one byte at a time, `drip_gap` apart
        drip_body,             ///< status line and headers at once, the body one byte at a time
        endless_body,          ///< `endless_bytes` of body, announced by Content-Length
        endless_headers,       ///< a status line and then headers without end
        endless_line,          ///< a status line and then one header that never ends
        reset_at_end,          ///< no length; `body`, and then a reset instead of an orderly close
        garbage,               ///< `body` as it is instead of HTTP, then close
        close_mid_body,        ///< announces `body` and as much again, sends `body`, closes
        close_without_answer,  ///< closes after the request was read
    };
    int status = 200;
    std::vector<std::pair<std::string, std::string>> headers{};
    std::string body{};
    Behaviour behaviour = Behaviour::normal;
    bool held = false;                   ///< until FakeReceiver::release(), whatever the behaviour
    std::chrono::milliseconds delay{0};  ///< before the first byte of the answer, whatever the behaviour
    std::chrono::milliseconds drip_gap{50};
    std::uint64_t endless_bytes = std::uint64_t{1} << 30U;
};

/// An HTTP/1.1 server on 127.0.0.1 with one thread of its own; starts in the constructor, stops in the destructor.
/// Every method is safe from any thread. Answers 200 with an empty body to paths that have no script.
class FakeReceiver {
public:
    /// Called on the receiver's thread; `nth` counts the requests of that path from 1. Must not throw.
    using Script = std::function<Answer(const ReceivedRequest& request, std::size_t nth)>;

    FakeReceiver();
    /// Speaks HTTPS.
    explicit FakeReceiver(SslContext tls);
    ~FakeReceiver();
    FakeReceiver(const FakeReceiver&) = delete;
    FakeReceiver& operator=(const FakeReceiver&) = delete;

    [[nodiscard]] std::uint16_t port() const noexcept;
    /// "http://127.0.0.1:<port><path>", or https.
    [[nodiscard]] std::string url(std::string_view path = "/") const;

    /// From now on: how requests to exactly `path` (query included) are answered; "*" is for paths without a script.
    void on(std::string path, Script script);
    void on(std::string path, Answer always);
    /// One answer after the other; the last one is repeated.
    void on(std::string path, std::vector<Answer> in_turn);
    /// Answers what is held, and from now on holds nothing.
    void release();

    /// New connections stay in the kernel's queue, unaccepted: a client connects and then hears nothing.
    void stop_accepting();
    /// The kernel's queue is full as well: a client's connect does not even finish.
    void stop_accepting_with_full_queue();
    void resume_accepting();
    /// Closes the connections on which no request is being answered, as a load balancer does with idle ones.
    void close_idle_connections();

    [[nodiscard]] std::vector<ReceivedRequest> requests() const;
    [[nodiscard]] std::vector<ReceivedRequest> requests(std::string_view path) const;
    [[nodiscard]] std::size_t count() const;
    /// Distinct (webhook-id, moai-subscription-id) pairs: what a correct consumer counts.
    [[nodiscard]] std::size_t distinct_deliveries() const;
    [[nodiscard]] std::size_t connections_accepted() const;
    [[nodiscard]] std::size_t connections_open() const;
    [[nodiscard]] std::uint64_t bytes_sent() const;
    /// Forgets the recorded requests (not the scripts and their counts).
    void clear();

    /// Waits until at least `count` requests were recorded since the start or clear(); false if `deadline` passes
    /// first.
    [[nodiscard]] bool wait_for(std::size_t count, std::chrono::milliseconds deadline) const;
    /// The same for distinct_deliveries().
    [[nodiscard]] bool wait_for_distinct(std::size_t count, std::chrono::milliseconds deadline) const;
    /// Waits until connections_open() is at most `count`.
    [[nodiscard]] bool wait_for_open_at_most(std::size_t count, std::chrono::milliseconds deadline) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace moai::test
