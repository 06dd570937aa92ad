// One client's socket: reads requests, has them answered one at a time and in order, and closes so that answers arrive.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "base/unique_fd.hpp"
#include "http/byte_budget.hpp"
#include "http/server_core.hpp"

namespace moai::http {

/// Lives on one I/O thread, which alone opens and closes the socket; answers come from any thread of the request
/// queues. No call blocks: what the socket does not take at once waits for it to become writable, and meanwhile nothing
/// is read.
class Connection : public std::enable_shared_from_this<Connection> {
public:
    using Clock = std::chrono::steady_clock;
    /// Asks the I/O thread for on_ready() when the socket is readable (or writable, if wanted), or is so already.
    using Watch = std::function<void(bool want_write)>;

    Connection(ServerCore& core, base::UniqueFd socket, std::string remote_address, Watch watch);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // From the I/O thread only. Each returns false once the connection is over: then close() it.
    [[nodiscard]] bool on_ready(std::span<char> scratch);
    [[nodiscard]] bool on_tick(Clock::time_point now);
    /// Answers 503 and closes: one connection too many.
    [[nodiscard]] bool turn_away();
    /// The server stops: an idle connection ends now, any other after its answer.
    [[nodiscard]] bool on_drain(std::span<char> scratch);
    void close();

    /// On a thread of the queue to the handler: answers the request, if it is still waited for.
    static void answer_alone(const RequestQueue::Member& one) noexcept;
    /// On a thread of the queue to the group handler: answers the requests of all that still wait for their answer.
    static void answer_group(ServerCore& core, std::span<const RequestQueue::Member> group) noexcept;

private:
    enum class State : std::uint8_t {
        reading,    ///< waiting for a request, or in the middle of one
        working,    ///< a request is with the handler; nothing is read
        writing,    ///< the client is slow to take the answer; nothing is read
        lingering,  ///< all is said and our side is shut; what still comes is thrown away, so that no reset eats the
                    ///< answer
        over,
    };

    void read(std::span<char> scratch);
    void discard(std::span<char> scratch);
    void pump();
    void set_read_deadline();
    void judge_head();
    [[nodiscard]] std::optional<api::Problem> objection_to(const FramedRequest& head) const;
    void start_request();
    void answer_request(Clock::duration waited);
    [[nodiscard]] bool joins_group(Clock::duration waited) noexcept;
    void answer_in_group(api::GroupAnswer answer) noexcept;
    void finish(const api::Response& response);
    [[nodiscard]] std::optional<api::Response> objection_to_wait(Clock::duration waited) const;
    [[nodiscard]] bool client_waits(Clock::duration waited);
    void give_up(std::string_view what) noexcept;
    void write(const api::Response& response);
    [[nodiscard]] api::Response refusal(const api::Problem& problem) const;
    void refuse(const api::Problem& problem);
    void flush();
    void answer_written();
    void linger();

    ServerCore& core_;
    const std::string remote_address_;
    const Watch watch_;

    std::mutex mutex_;  ///< guards all below, except request_ and what belongs to it while state_ is working
    base::UniqueFd socket_;
    State state_ = State::reading;
    RequestFramer framer_;
    Clock::time_point deadline_;
    Clock::time_point request_started_;
    Clock::time_point head_done_;
    Clock::time_point idle_since_;
    bool fresh_ = true;  ///< no request has been answered yet
    api::Request request_;
    std::function<api::Response()> if_too_many_wait_;  ///< of request_, if it was left out of its group to wait
    std::optional<ByteBudget::Charge> body_charge_;    ///< from the head until there is an answer
    bool keep_alive_ = true;
    bool head_only_ = false;
    std::string output_;
    std::size_t output_sent_ = 0;
    std::size_t discarded_ = 0;
};

}  // namespace moai::http
