// The states of a connection and the system calls they make, all of them non-blocking.
#include "http/connection.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "api/utf8.hpp"
#include "http/origin_policy.hpp"
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

constexpr std::size_t kLongestHostShown = 256;

bool would_block() noexcept { return errno == EAGAIN || errno == EWOULDBLOCK; }

api::Problem busy(std::string detail) {
    return {.status = 503,
            .code = "busy",
            .detail = std::move(detail),
            .hint = "Repeat the request after Retry-After; it was not begun."};
}

api::Problem queue_full() {
    return busy("as many requests are waiting as there are connections, or the server is about to stop");
}

std::string shown(std::chrono::milliseconds time) { return std::to_string(time.count()) + " ms"; }

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
        refuse({.status = 408,
                .detail = "the request did not arrive in time",
                .values = "header_timeout = " + shown(core_.options.header_timeout) +
                          ", body_timeout = " + shown(core_.options.body_timeout) +
                          ", request_timeout = " + shown(core_.options.request_timeout),
                .hint = "Send head and body without pause; over a slow link, send less at a time."});
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
    refuse(busy("there are " + std::to_string(core_.max_connections) + " connections already, which is the limit"));
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
            case RequestFramer::Step::failed: refuse(framer_.failure()); break;
        }
    }
}

void Connection::set_read_deadline() {
    if (framer_.idle() && !fresh_) {
        deadline_ = idle_since_ + core_.options.keepalive;
        return;
    }
    const auto part =
        framer_.in_body() ? head_done_ + core_.options.body_timeout : request_started_ + core_.options.header_timeout;
    deadline_ = std::min(part, request_started_ + core_.options.request_timeout);
}

/// What can be refused before the body is read, is.
void Connection::judge_head() {
    head_done_ = Clock::now();
    const FramedRequest& head = framer_.request();
    if (const auto problem = objection_to(head)) {
        refuse(*problem);
        return;
    }
    body_charge_ = core_.bodies.take(head.content_length);
    if (!body_charge_) {
        refuse(busy("the bodies of other requests take up the memory there is for bodies"));
        return;
    }
    if (head.expects_continue && !framer_.body_arrived()) {
        output_.append(kContinue);
        flush();
    }
}

std::optional<api::Problem> Connection::objection_to(const FramedRequest& head) const {
    if (!core_.hosts.accepts(head.host)) {
        const std::string host = api::shortened(head.host, kLongestHostShown);
        return api::Problem{
            .status = 421,
            .detail = "this server does not answer for that Host",
            .values = "Host = " + host,
            .hint = "Call it localhost or by its address, or start moai with --allowed-host " + host + "."};
    }
    if (auto problem = cross_origin_objection(head)) {
        return problem;
    }
    if (head.length_missing) {
        api::Request bodyless;
        bodyless.method = head.method;
        bodyless.path = head.path;
        if (!core_.options.body_optional || !core_.options.body_optional(bodyless)) {
            return api::Problem{.status = 411,
                                .detail = "the request has no Content-Length",
                                .values = head.method + ' ' + api::shortened(head.path, kLongestHostShown),
                                .hint = "Send the body with its Content-Length."};
        }
    }
    return std::nullopt;
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
    const bool in_group = core_.options.goes_in_group && core_.options.goes_in_group(request_);
    if (!(in_group ? core_.groups : core_.queue).push(shared_from_this(), request_.body.size())) {
        write(refusal(queue_full()));
    }
}

/// The boundary of the queue's thread: what is thrown costs this connection, not the process.
void Connection::answer_alone(const RequestQueue::Member& one) noexcept {
    try {
        one.connection->answer_request(RequestQueue::Clock::now() - one.since);
    } catch (const std::exception& error) {
        one.connection->give_up(error.what());
    } catch (...) {
        one.connection->give_up("an exception that is not a std::exception");
    }
}

void Connection::answer_request(Clock::duration waited) {
    if (!client_waits(waited)) {
        return;
    }
    if (const auto otherwise = std::exchange(if_too_many_wait_, nullptr);
        otherwise && waited > core_.options.waiter_patience) {
        finish(otherwise());
        return;
    }
    auto objection = objection_to_wait(waited);
    finish(objection ? *objection : core_.answer(request_));
}

std::optional<api::Response> Connection::objection_to_wait(Clock::duration waited) const {
    return waited <= core_.options.queue_timeout
               ? std::nullopt
               : std::optional(refusal(
                     busy("the request waited more than " + shown(core_.options.queue_timeout) + " for its turn")));
}

void Connection::answer_in_group(api::GroupAnswer answer) noexcept {
    try {
        if_too_many_wait_ = std::move(answer.if_too_many_wait);
        auto& queue = if_too_many_wait_ ? core_.waiters : core_.queue;
        if (answer.response) {
            finish(*answer.response);
        } else if (!queue.push(shared_from_this(), request_.body.size())) {
            finish(refusal(queue_full()));
        }
    } catch (const std::exception& error) {
        give_up(error.what());
    }
}

void Connection::finish(const api::Response& response) {
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

/// False if nobody waits for the answer any more: the request is then not even begun.
bool Connection::client_waits(Clock::duration waited) {
    const std::lock_guard lock(mutex_);
    if (state_ != State::working) {
        return false;  // closed meanwhile
    }
    char next = 0;
    const auto got = ::recv(socket_.get(), &next, 1, MSG_PEEK | MSG_DONTWAIT);
    const bool gone = got == 0 ? framer_.idle() && waited >= core_.options.half_close_patience
                               : got < 0 && !would_block() && errno != EINTR;
    if (gone) {
        state_ = State::over;
        watch_(false);  // so that the I/O thread closes it
    }
    return !gone;
}

void Connection::give_up(std::string_view what) noexcept {
    const std::lock_guard lock(mutex_);
    core_.report(request_.request_id, what);
    state_ = State::over;
    ::shutdown(socket_.get(), SHUT_RDWR);  // epoll always reports a hang-up, upon which the I/O thread closes it
}

void Connection::write(const api::Response& response) {
    keep_alive_ = keep_alive_ && !core_.draining;
    output_.append(response_text(response, {keep_alive_, head_only_, request_.request_id}));
    request_ = {};
    body_charge_.reset();
    state_ = State::writing;
    deadline_ = Clock::now() + core_.options.write_timeout;
    flush();
}

/// The server's own answer to request_.
api::Response Connection::refusal(const api::Problem& problem) const {
    if (core_.options.on_refused) {
        core_.options.on_refused(problem.status);
    }
    return api::problem_response(problem, request_.request_id);
}

/// Answers a request that no handler sees. The stream is not trusted any further, and nothing of it is kept.
void Connection::refuse(const api::Problem& problem) {
    const FramedRequest& head = framer_.request();
    request_ = {};
    request_.request_id = core_.ids.id_for(head.headers);
    head_only_ = head.method == "HEAD";
    keep_alive_ = false;
    const api::Response response = refusal(problem);
    framer_ = RequestFramer(core_.limits);
    write(response);
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
