// The states of a connection and the system calls they make, all of them non-blocking.
#include "http/connection.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "http/response_text.hpp"

namespace moai::http {
namespace {

using namespace std::chrono_literals;

/// How long, and for how many bytes, a client may go on sending after its last answer.
constexpr auto kLingerTime = 2s;
constexpr std::size_t kLingerBytes = 64U << 20;
/// Reads in a row before other connections of the thread get their turn.
constexpr int kReadsPerTurn = 16;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

bool would_block() noexcept { return errno == EAGAIN || errno == EWOULDBLOCK; }

}  // namespace

Connection::Connection(ServerCore& core, base::UniqueFd socket, std::string remote_address, Watch watch)
    : core_(core),
      remote_address_(std::move(remote_address)),
      watch_(std::move(watch)),
      socket_(std::move(socket)),
      framer_(core.limits),
      request_started_(Clock::now()),
      idle_since_(request_started_) {
    set_read_deadline();
    core_.connections.add();
}

Connection::~Connection() { core_.connections.remove(); }

bool Connection::on_ready(std::span<char> scratch) {
    const std::lock_guard lock(mutex_);
    if (state_ == State::writing) {
        flush();
        pump();
    }
    if (state_ == State::reading) {
        read(scratch);
    }
    if (state_ == State::lingering) {
        discard(scratch);
    }
    return state_ != State::over;
}

bool Connection::on_tick(Clock::time_point now) {
    const std::lock_guard lock(mutex_);
    if (core_.draining && state_ == State::reading && framer_.idle()) {
        linger();  // its answer was on the way as the server began to stop
    }
    if (state_ == State::over || state_ == State::working || now < deadline_) {
        return state_ != State::over;
    }
    if (state_ == State::reading && !framer_.idle()) {
        refuse(408, "the request did not arrive in time");
        return state_ != State::over;
    }
    if (state_ == State::writing) {
        // A reset gives the kernel's copy of the answer back at once; an orderly close would keep it for minutes.
        const ::linger abort{1, 0};
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
    }
    state_ = State::over;
    return false;
}

bool Connection::turn_away() {
    const std::lock_guard lock(mutex_);
    refuse(503, "too many connections");
    return state_ != State::over;
}

bool Connection::on_drain(std::span<char> scratch) {
    if (!on_ready(scratch)) {
        return false;
    }
    const std::lock_guard lock(mutex_);
    if (state_ == State::reading && framer_.idle()) {
        linger();
    }
    return state_ != State::over;
}

void Connection::close() {
    const std::lock_guard lock(mutex_);
    state_ = State::over;
    socket_.reset();
}

void Connection::read(std::span<char> scratch) {
    for (int turn = 0; state_ == State::reading; ++turn) {
        if (turn == kReadsPerTurn) {
            watch_(false);
            return;
        }
        const auto got = ::recv(socket_.get(), scratch.data(), scratch.size(), MSG_DONTWAIT);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0 && would_block()) {
            return;
        }
        if (got <= 0) {
            state_ = State::over;  // nobody waits for an answer: none is owed while reading
            return;
        }
        if (framer_.idle() && !fresh_) {
            request_started_ = Clock::now();
        }
        framer_.feed({scratch.data(), static_cast<std::size_t>(got)});
        pump();
    }
}

void Connection::discard(std::span<char> scratch) {
    for (int turn = 0; turn < kReadsPerTurn; ++turn) {
        const auto got = ::recv(socket_.get(), scratch.data(), scratch.size(), MSG_DONTWAIT);
        if (got > 0) {
            discarded_ += static_cast<std::size_t>(got);
        }
        if (got == 0 || discarded_ > kLingerBytes || (got < 0 && !would_block() && errno != EINTR)) {
            state_ = State::over;
            return;
        }
        if (got < 0 && would_block()) {
            return;
        }
    }
    watch_(false);
}

/// Takes what the framer has, until it needs more bytes or a request is on its way.
void Connection::pump() {
    while (state_ == State::reading) {
        switch (framer_.next()) {
            case RequestFramer::Step::need_more: set_read_deadline(); return;
            case RequestFramer::Step::head: judge_head(); break;
            case RequestFramer::Step::complete: start_request(); break;
            case RequestFramer::Step::failed: refuse(framer_.failure().status, framer_.failure().detail); break;
        }
    }
}

void Connection::set_read_deadline() {
    if (framer_.in_body()) {
        deadline_ = head_done_ + core_.options.body_timeout;
    } else if (framer_.idle() && !fresh_) {
        deadline_ = idle_since_ + core_.options.keepalive;
    } else {
        deadline_ = request_started_ + core_.options.header_timeout;
    }
}

/// What can be refused before the body is read, is.
void Connection::judge_head() {
    head_done_ = Clock::now();
    const FramedRequest& head = framer_.request();
    if (!head.host.empty() && !core_.hosts.accepts(head.host)) {
        refuse(421, "this server does not answer for that Host; see --allowed-host");
        return;
    }
    if (head.length_missing) {
        api::Request bodyless;
        bodyless.method = head.method;
        bodyless.path = head.path;
        if (!core_.options.body_optional || !core_.options.body_optional(bodyless)) {
            refuse(411, "send the body with a Content-Length");
            return;
        }
    }
    if (head.expects_continue && !framer_.body_arrived()) {
        output_.append(kContinue);
        flush();
    }
}

void Connection::start_request() {
    FramedRequest framed = framer_.take();
    keep_alive_ = framed.keep_alive && !framed.length_missing;
    head_only_ = framed.method == "HEAD";
    request_ = {std::move(framed.method),
                std::move(framed.path),
                std::move(framed.query),
                std::move(framed.headers),
                std::move(framed.body),
                remote_address_,
                {}};
    request_.request_id = core_.ids.id_for(request_.headers);
    state_ = State::working;
    if (core_.options.answers_at_once && core_.options.answers_at_once(request_)) {
        write(core_.answer(request_));
        return;
    }
    core_.queue.push([self = shared_from_this()] { self->run_handler(); });
}

/// On a thread of the work queue.
void Connection::run_handler() {
    const api::Response response = core_.answer(request_);
    const std::lock_guard lock(mutex_);
    if (state_ != State::working) {
        return;  // closed meanwhile
    }
    write(response);
    pump();
    if (state_ != State::working && state_ != State::writing) {
        watch_(false);  // what arrived while nothing was read is reported again
    }
}

void Connection::write(const api::Response& response) {
    keep_alive_ = keep_alive_ && !core_.draining;
    output_.append(response_text(response, {keep_alive_, head_only_, request_.request_id}));
    state_ = State::writing;
    deadline_ = Clock::now() + core_.options.write_timeout;
    flush();
}

/// The server's own answer to a request that no handler sees. The stream is not trusted any further.
void Connection::refuse(int status, std::string detail) {
    const FramedRequest& head = framer_.request();
    request_ = {};
    request_.request_id = core_.ids.id_for(head.headers);
    head_only_ = head.method == "HEAD";
    keep_alive_ = false;
    if (core_.options.on_refused) {
        core_.options.on_refused(status);
    }
    write(api::problem_response({.status = status, .detail = std::move(detail)}, request_.request_id));
}

/// Sends what the socket takes.
void Connection::flush() {
    while (output_sent_ < output_.size()) {
        const auto sent = ::send(socket_.get(), output_.data() + output_sent_, output_.size() - output_sent_,
                                 MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent > 0) {
            output_sent_ += static_cast<std::size_t>(sent);
        } else if (would_block()) {
            watch_(true);
            return;
        } else if (errno != EINTR) {
            state_ = State::over;
            watch_(false);
            return;
        }
    }
    output_.clear();
    output_sent_ = 0;
    if (state_ == State::writing) {
        answer_written();
    }
}

void Connection::answer_written() {
    fresh_ = false;
    request_ = {};
    if (!keep_alive_) {
        linger();
        return;
    }
    state_ = State::reading;
    idle_since_ = Clock::now();
    request_started_ = idle_since_;  // of a pipelined request that has begun to arrive
    set_read_deadline();
}

void Connection::linger() {
    ::shutdown(socket_.get(), SHUT_WR);
    state_ = State::lingering;
    deadline_ = Clock::now() + kLingerTime;
}

}  // namespace moai::http
