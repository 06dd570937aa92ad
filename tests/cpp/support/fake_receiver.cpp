// FakeReceiver on the project's own event loop: connections live on its thread, records under one mutex.
#include "support/fake_receiver.hpp"

#include <fmt/format.h>
#include <sys/epoll.h>

#include <algorithm>
#include <future>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/event_loop.hpp"
#include "base/unique_fd.hpp"
#include "support/fake_http.hpp"
#include "support/fake_stream.hpp"
#include "support/loopback_listener.hpp"

namespace moai::test {
namespace {

using base::UniqueFd;
using Behaviour = Answer::Behaviour;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kEndlessChunk = std::size_t{64} * 1024;

struct Connection {
    std::uint64_t id = 0;
    FakeStream stream;
    std::string in{};
    std::optional<Clock::time_point> first_byte{};
    bool answering = false;
    bool close_when_sent = false;
    bool hang_when_sent = false;
    std::string out{};
    std::size_t out_sent = 0;
    std::string filler{};  ///< sent again and again once `out` has gone
    std::uint64_t filler_left = 0;
    std::uint32_t events = EPOLLIN;
};

}  // namespace

struct FakeReceiver::Impl {
    LoopbackListener listener;
    base::EventLoop loop;

    // On the loop's thread only.
    std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> connections;
    bool accepting = false;
    bool released = false;
    std::vector<std::pair<std::uint64_t, Answer>> held;  ///< by connection

    ReceiverLog log;
    const SslContext tls;

    std::mutex mutex;  // guards what follows
    std::map<std::string, std::shared_ptr<Script>, std::less<>> scripts;
    std::unordered_map<std::string, std::size_t> nth_of_path;

    std::thread thread;

    explicit Impl(SslContext its_tls) : tls(std::move(its_tls)) {
        start_accepting();
        thread = std::thread([this] { loop.run(); });
    }

    ~Impl() {
        loop.stop();
        thread.join();
    }

    /// Runs `what` on the receiver's thread and returns when it is done.
    void on_thread(const std::function<void()>& what) {
        std::promise<void> done;
        loop.post([&] {
            what();
            done.set_value();
        });
        done.get_future().wait();
    }

    void start_accepting() {
        listener.listen();
        if (!accepting) {
            loop.watch(listener.fd(), EPOLLIN, [this](std::uint32_t) { accept_all(); });
            accepting = true;
        }
    }

    void stop_accepting(bool fill_queue) {
        if (accepting) {
            loop.unwatch(listener.fd());
            accepting = false;
        }
        if (fill_queue) {
            listener.fill_queue();
        }
    }

    void accept_all() {
        while (UniqueFd fd = listener.accept()) {
            const auto id = log.opened();
            loop.watch(fd.get(), EPOLLIN, [this, id](std::uint32_t events) { serve(id, events); });
            connections.emplace(id, new_connection(id, std::move(fd)));
        }
    }

    [[nodiscard]] std::unique_ptr<Connection> new_connection(std::uint64_t id, UniqueFd fd) const {
        return std::unique_ptr<Connection>(new Connection{id, FakeStream(std::move(fd), tls.get())});
    }

    void close(Connection& connection) {
        loop.unwatch(connection.stream.fd());
        connections.erase(connection.id);
        log.closed();
    }

    void serve(std::uint64_t id, std::uint32_t events) {
        const auto found = connections.find(id);
        if (found == connections.end()) {
            return;
        }
        Connection& connection = *found->second;
        const bool is_broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
        const std::size_t had = connection.in.size();
        if (is_broken || ((events & EPOLLIN) != 0 && !connection.stream.read(connection.in))) {
            close(connection);
            return;
        }
        if (connection.in.size() > had && !connection.first_byte) {
            connection.first_byte = Clock::now();
        }
        if ((events & EPOLLOUT) != 0) {
            flush(connection);
        } else if (!connection.answering) {
            serve_request(connection);
        }
    }

    /// Answers the next request if the whole of it has come.
    void serve_request(Connection& connection) {
        ReceivedRequest request;
        switch (take_request(connection.in, request)) {
            case Framing::incomplete: return;
            case Framing::not_http: close(connection); return;
            case Framing::tls:
                begin_answer(connection, {.body = "HTTP/1.1 400 Bad Request\r\n\r\n", .behaviour = Behaviour::garbage});
                return;
            case Framing::complete: break;
        }
        request.arrived_at = *connection.first_byte;
        request.connection = connection.id;
        connection.first_byte.reset();
        if (!connection.in.empty()) {
            connection.first_byte = Clock::now();
        }
        connection.answering = true;
        connection.close_when_sent = asks_to_close(request);
        begin_answer(connection, record(std::move(request)));
    }

    Answer record(ReceivedRequest request) {
        std::shared_ptr<Script> script;
        std::size_t nth = 0;
        {
            const std::lock_guard lock(mutex);
            nth = ++nth_of_path[request.path];
            auto found = scripts.find(request.path);
            if (found == scripts.end()) {
                found = scripts.find("*");
            }
            if (found != scripts.end()) {
                script = found->second;
            }
        }
        Answer answer = script ? (*script)(request, nth) : Answer{};
        log.add(std::move(request));
        return answer;
    }

    void release() {
        released = true;
        for (auto& [id, answer] : std::exchange(held, {})) {
            if (const auto found = connections.find(id); found != connections.end()) {
                begin_answer(*found->second, std::move(answer));
            }
        }
    }

    void begin_answer(Connection& connection, Answer answer) {
        if (answer.held && !released) {
            held.emplace_back(connection.id, std::move(answer));
            return;
        }
        if (answer.delay.count() == 0) {
            send_answer(connection, answer);
            return;
        }
        const auto due = Clock::now() + answer.delay;
        (void)loop.at(due, [this, id = connection.id, answer = std::move(answer)] {
            const auto found = connections.find(id);
            if (found != connections.end()) {
                send_answer(*found->second, answer);
            }
        });
    }

    void send_answer(Connection& connection, const Answer& answer) {
        switch (answer.behaviour) {
            case Behaviour::normal: connection.out = head_of(answer, answer.body.size()) + answer.body; break;
            case Behaviour::hang_after_request: return;
            case Behaviour::hang_after_headers:
                connection.out = head_of(answer, std::max<std::size_t>(answer.body.size(), 1));
                connection.hang_when_sent = true;
                break;
            case Behaviour::drip:
                drip(connection.id, head_of(answer, answer.body.size()) + answer.body, 0, answer.drip_gap);
                return;
            case Behaviour::drip_body:
                connection.out = head_of(answer, answer.body.size());
                connection.hang_when_sent = true;
                drip(connection.id, answer.body, 0, answer.drip_gap);
                break;
            case Behaviour::endless_body:
                connection.out = head_of(answer, answer.endless_bytes);
                connection.filler.assign(kEndlessChunk, 'e');
                connection.filler_left = answer.endless_bytes;
                break;
            case Behaviour::endless_headers:
                connection.out = fmt::format("HTTP/1.1 {} Status\r\n", answer.status);
                connection.filler = "X-Endless: " + std::string(1000, 'h') + "\r\n";
                connection.filler_left = answer.endless_bytes;
                break;
            case Behaviour::endless_line:
                connection.out = fmt::format("HTTP/1.1 {} Status\r\nX-Endless: ", answer.status);
                connection.filler.assign(kEndlessChunk, 'h');
                connection.filler_left = answer.endless_bytes;
                break;
            case Behaviour::reset_at_end:
                connection.out = fmt::format("HTTP/1.1 {} Status\r\n\r\n{}", answer.status, answer.body);
                connection.close_when_sent = true;
                connection.stream.close_by_reset();
                break;
            case Behaviour::garbage:
                connection.out = answer.body;
                connection.close_when_sent = true;
                break;
            case Behaviour::close_mid_body:
                connection.out = head_of(answer, answer.body.size() * 2 + 1) + answer.body;
                connection.close_when_sent = true;
                break;
            case Behaviour::close_without_answer: close(connection); return;
        }
        flush(connection);
    }

    void drip(std::uint64_t id, std::string bytes, std::size_t sent_so_far, std::chrono::milliseconds gap) {
        (void)loop.at(Clock::now() + gap, [this, id, bytes = std::move(bytes), sent_so_far, gap] {
            const auto found = connections.find(id);
            if (found == connections.end() || sent_so_far == bytes.size()) {
                return;
            }
            Connection& connection = *found->second;
            connection.out += bytes[sent_so_far];
            connection.hang_when_sent = sent_so_far + 1 < bytes.size();
            flush(connection);
            drip(id, bytes, sent_so_far + 1, gap);
        });
    }

    void want(Connection& connection, std::uint32_t events) {
        if (connection.events != events) {
            connection.events = events;
            loop.rewatch(connection.stream.fd(), events);
        }
    }

    void flush(Connection& connection) {
        while (true) {
            if (connection.out_sent == connection.out.size()) {
                connection.out_sent = 0;
                connection.out = connection.filler.substr(0, connection.filler_left);
                connection.filler_left -= connection.out.size();
                if (connection.out.empty()) {
                    break;
                }
            }
            const long put = connection.stream.write(std::string_view(connection.out).substr(connection.out_sent));
            if (put == 0) {
                want(connection, EPOLLIN | EPOLLOUT);
                return;
            }
            if (put < 0) {
                close(connection);
                return;
            }
            connection.out_sent += static_cast<std::size_t>(put);
            log.sent(static_cast<std::uint64_t>(put));
        }
        want(connection, EPOLLIN);
        if (connection.hang_when_sent) {
            return;
        }
        if (connection.close_when_sent) {
            close(connection);
            return;
        }
        connection.filler.clear();
        connection.answering = false;
        serve_request(connection);
    }
};

FakeReceiver::FakeReceiver() : FakeReceiver(SslContext()) {}
FakeReceiver::FakeReceiver(SslContext tls) : impl_(std::make_unique<Impl>(std::move(tls))) {}
FakeReceiver::~FakeReceiver() = default;

std::uint16_t FakeReceiver::port() const noexcept { return impl_->listener.port(); }
std::string FakeReceiver::url(std::string_view path) const {
    return fmt::format("{}://127.0.0.1:{}{}", impl_->tls ? "https" : "http", impl_->listener.port(), path);
}

void FakeReceiver::on(std::string path, Script script) {
    const std::lock_guard lock(impl_->mutex);
    impl_->scripts[std::move(path)] = std::make_shared<Script>(std::move(script));
}
void FakeReceiver::on(std::string path, Answer always) {
    on(std::move(path), [always = std::move(always)](const ReceivedRequest&, std::size_t) { return always; });
}
void FakeReceiver::on(std::string path, std::vector<Answer> in_turn) {
    on(std::move(path), [in_turn = std::move(in_turn)](const ReceivedRequest&, std::size_t nth) {
        return in_turn.at(std::min(nth, in_turn.size()) - 1);
    });
}

void FakeReceiver::release() {
    impl_->on_thread([this] { impl_->release(); });
}

void FakeReceiver::stop_accepting() {
    impl_->on_thread([this] { impl_->stop_accepting(false); });
}
void FakeReceiver::stop_accepting_with_full_queue() {
    impl_->on_thread([this] { impl_->stop_accepting(true); });
}
void FakeReceiver::resume_accepting() {
    impl_->on_thread([this] { impl_->start_accepting(); });
}
void FakeReceiver::close_idle_connections() {
    impl_->on_thread([this] {
        std::vector<Connection*> idle;
        for (const auto& [id, connection] : impl_->connections) {
            if (!connection->answering && connection->in.empty()) {
                idle.push_back(connection.get());
            }
        }
        for (Connection* connection : idle) {
            impl_->close(*connection);
        }
    });
}

std::vector<ReceivedRequest> FakeReceiver::requests() const { return impl_->log.requests(); }
std::vector<ReceivedRequest> FakeReceiver::requests(std::string_view path) const {
    std::vector<ReceivedRequest> result = requests();
    std::erase_if(result, [&](const ReceivedRequest& request) { return request.path != path; });
    return result;
}
std::size_t FakeReceiver::count() const { return impl_->log.counts().requests; }
std::size_t FakeReceiver::distinct_deliveries() const { return impl_->log.counts().distinct; }
std::size_t FakeReceiver::connections_accepted() const { return impl_->log.counts().accepted; }
std::size_t FakeReceiver::connections_open() const { return impl_->log.counts().open; }
std::uint64_t FakeReceiver::bytes_sent() const { return impl_->log.counts().bytes_sent; }
void FakeReceiver::clear() { impl_->log.clear(); }

using Counts = ReceiverLog::Counts;

bool FakeReceiver::wait_for(std::size_t count, std::chrono::milliseconds deadline) const {
    return impl_->log.wait(deadline, [count](const Counts& now) { return now.requests >= count; });
}
bool FakeReceiver::wait_for_distinct(std::size_t count, std::chrono::milliseconds deadline) const {
    return impl_->log.wait(deadline, [count](const Counts& now) { return now.distinct >= count; });
}
bool FakeReceiver::wait_for_open_at_most(std::size_t count, std::chrono::milliseconds deadline) const {
    return impl_->log.wait(deadline, [count](const Counts& now) { return now.open <= count; });
}

}  // namespace moai::test
