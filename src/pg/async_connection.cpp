// AsyncConnection: the life of one connection (waiting, connecting, setting up, ready) as callbacks of an event loop.
#include "pg/async_connection.hpp"

#include <sys/epoll.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "base/backoff.hpp"
#include "pg/connection_parameters.hpp"
#include "pg/libpq_handles.hpp"

namespace moai::pg {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kFirstDelay{100};
constexpr std::chrono::milliseconds kLongestDelay{5'000};

}  // namespace

/// Shared, because a user's callback may destroy the AsyncConnection while we are inside it; what is to happen later
/// holds it weakly.
struct AsyncConnection::Impl : std::enable_shared_from_this<AsyncConnection::Impl> {
    enum class State { stopped, waiting, connecting, setting_up, open, closed };
    /// What the outstanding request to the server is.
    enum class Request { none, setup, prepare, execute };

    Impl(base::EventLoop& event_loop, Options given, Callbacks given_callbacks)
        : loop(event_loop), options(std::move(given)), callbacks(std::move(given_callbacks)) {}

    base::EventLoop& loop;
    const Options options;
    const Callbacks callbacks;

    State state = State::stopped;
    ConnectionHandle handle;
    int watched_fd = -1;
    std::uint32_t watched_events = 0;
    std::uint64_t session = 0;  // counts the sessions, so that what was put off for one does not hit the next
    base::EventLoop::TimerId reconnect_timer = 0, deadline_timer = 0;
    base::Backoff backoff{kFirstDelay, kLongestDelay};
    SteadyClock::time_point open_since{};
    std::size_t setup_done = 0;
    std::size_t servers = 1;  // in the URL's list
    std::size_t server = 0;   // which of them is being tried, or serves
    std::size_t tried = 0;    // how many of them in a row would not have us

    Request request = Request::none;
    std::optional<Result> rows;    // of the outstanding request
    std::optional<Error> failure;  // of the outstanding request
    std::string sql;               // of the outstanding statement
    std::optional<ParameterValues> values;
    Done done;
    bool repeated = false;                                  // the outstanding statement, prepared anew
    std::unordered_map<std::string, std::string> prepared;  // statement text -> its name in this session
    int last_name = 0;

    /// A callback for the loop that does nothing once the connection is destroyed.
    base::EventLoop::Callback later(void (Impl::*step)()) {
        return [weak = weak_from_this(), step] {
            if (const auto self = weak.lock()) {
                ((*self).*step)();
            }
        };
    }

    void watch(std::uint32_t events, void (Impl::*step)()) {
        watched_fd = PQsocket(handle.get());
        watched_events = events;
        loop.watch(watched_fd, events, [callback = later(step)](std::uint32_t) { callback(); });
    }

    void unwatch() {
        if (watched_fd >= 0) {
            loop.unwatch(std::exchange(watched_fd, -1));
        }
    }

    // ---- connecting

    void connect() {
        if (state == State::closed) {
            return;
        }
        reconnect_timer = 0;
        try {
            // One at a time, because PQconnectPoll itself gives a silent server all the time it wants.
            const ConnectionParameters all(options.database_url, options.application_name);
            servers = all.servers();
            server %= servers;
            const ConnectionParameters parameters(all, server);
            state = State::connecting;
            deadline_timer =
                loop.at(SteadyClock::now() + parameters.connect_timeout(), later(&Impl::give_up_connecting));
            handle.reset(PQconnectStartParams(parameters.keywords(), parameters.values(), 0));
        } catch (const Error& error) {
            lose(error);
            return;
        }
        if (handle == nullptr) {
            throw std::bad_alloc();
        }
        if (PQstatus(handle.get()) == CONNECTION_BAD) {
            lose(connection_error(handle.get()));
            return;
        }
        log_notices(handle.get());
        watch(EPOLLOUT, &Impl::poll_connecting);
    }

    void poll_connecting() {
        // PQconnectPoll may close the socket and open another with the same number (next address, or without TLS): the
        // loop must have let go of it before.
        unwatch();
        switch (PQconnectPoll(handle.get())) {
            case PGRES_POLLING_READING: watch(EPOLLIN, &Impl::poll_connecting); return;
            case PGRES_POLLING_WRITING: watch(EPOLLOUT, &Impl::poll_connecting); return;
            case PGRES_POLLING_OK: break;
            default: lose(connection_error(handle.get())); return;
        }
        if (PQsetnonblocking(handle.get(), 1) != 0) {
            lose(connection_error(handle.get()));
            return;
        }
        state = State::setting_up;
        setup_done = 0;
        watch(EPOLLIN, &Impl::on_io);
        set_up();
    }

    void set_up() {
        if (setup_done < options.session_setup.size()) {
            request = Request::setup;
            const std::string& statement = options.session_setup[setup_done++];
            if (PQsendQuery(handle.get(), statement.c_str()) == 0) {
                lose(connection_error(handle.get()));
                return;
            }
            flush();
            return;
        }
        loop.cancel(std::exchange(deadline_timer, 0));
        tried = 0;
        state = State::open;
        open_since = SteadyClock::now();
        if (callbacks.on_ready) {
            callbacks.on_ready();
        }
    }

    void give_up_connecting() {
        deadline_timer = 0;
        lose(Error("", "connecting to the database took too long"));
    }

    /// The server that was being tried will not have us: on to the next of the list. False when all have been tried.
    bool try_next_server() {
        if (state != State::connecting && state != State::setting_up) {
            return false;
        }
        server = (server + 1) % servers;
        if (++tried >= servers) {
            tried = 0;
            return false;
        }
        drop_connection();
        state = State::waiting;
        reconnect_timer = loop.at(SteadyClock::now(), later(&Impl::connect));
        return true;
    }

    // ---- losing

    void drop_connection() {
        loop.cancel(std::exchange(deadline_timer, 0));
        loop.cancel(std::exchange(reconnect_timer, 0));
        unwatch();
        handle.reset();
        ++session;
        prepared.clear();
        rows.reset();
        failure.reset();
        values.reset();
        request = Request::none;
    }

    /// The connection is gone or of no more use: the outstanding statement fails and a reconnect is scheduled.
    void lose(const Error& given) {
        // A copy: the reason may live in what drop_connection() clears.
        const Error error = given;
        if (try_next_server()) {
            return;
        }
        // A session that did something, or lasted, was a good one; a server that lets us in only to throw us out is
        // not.
        if (state == State::open && SteadyClock::now() - open_since >= kLongestDelay) {
            backoff.reset();
        }
        drop_connection();
        state = State::waiting;
        reconnect_timer = loop.at(SteadyClock::now() + backoff.next(), later(&Impl::connect));
        if (const Done outstanding = std::exchange(done, nullptr)) {
            outstanding(Result(), &error);
        }
        if (state != State::closed && callbacks.on_lost) {
            callbacks.on_lost(error);
        }
    }

    void close() {
        drop_connection();
        state = State::closed;
        if (const Done outstanding = std::exchange(done, nullptr)) {
            const Error error("", "the connection was closed by us");
            outstanding(Result(), &error);
        }
    }

    // ---- traffic

    void flush() {
        const int left = PQflush(handle.get());
        if (left < 0) {
            lose_later();
            return;
        }
        const std::uint32_t events = left > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN;
        if (events != watched_events) {
            loop.rewatch(watched_fd, events);
            watched_events = events;
        }
    }

    /// For failures inside send(), whose callbacks must not come from within the call.
    void lose_later() {
        loop.post([weak = weak_from_this(), failed_session = session] {
            const auto self = weak.lock();
            if (self && self->session == failed_session) {
                self->lose(connection_error(self->handle.get()));
            }
        });
    }

    void on_io() {
        if (PQconsumeInput(handle.get()) == 0) {
            static_cast<void>(take_results(handle.get(), rows, failure));
            lose(failure && failure->connection_lost() ? *failure : connection_error(handle.get()));
            return;
        }
        flush();
        // User callbacks may close the connection, or lose and reopen it: what follows holds only for this very
        // session.
        const std::uint64_t this_session = session;
        deliver_notifications();
        if (session == this_session && request != Request::none && take_results(handle.get(), rows, failure)) {
            finish_request();
        }
    }

    void deliver_notifications() {
        std::vector<Notification> heard;
        while (PGnotify* notification = PQnotifies(handle.get())) {
            heard.push_back({notification->relname, notification->extra, notification->be_pid});
            PQfreemem(notification);
        }
        const std::uint64_t this_session = session;
        for (const auto& notification : heard) {
            if (session == this_session && callbacks.on_notify) {
                callbacks.on_notify(notification);
            }
        }
    }

    void finish_request() {
        const Request finished = std::exchange(request, Request::none);
        std::optional<Error> error = std::exchange(failure, std::nullopt);
        Result result = std::exchange(rows, std::nullopt).value_or(Result());
        if (error &&
            (finished == Request::setup || error->connection_lost() || PQstatus(handle.get()) == CONNECTION_BAD)) {
            lose(*error);
            return;
        }
        if (finished == Request::setup) {
            set_up();
            return;
        }
        if (!error && finished == Request::prepare) {
            execute();
            return;
        }
        if (error && finished == Request::execute && must_prepare_again(*error) && !std::exchange(repeated, true)) {
            prepared.erase(sql);
            prepare();
            return;
        }
        loop.cancel(std::exchange(deadline_timer, 0));
        if (!error) {
            backoff.reset();
        } else if (finished == Request::prepare || must_prepare_again(*error)) {
            prepared.erase(sql);
        }
        values.reset();
        const Done outstanding = std::exchange(done, nullptr);
        outstanding(std::move(result), error ? &*error : nullptr);
    }

    // ---- statements

    void send(const std::string& statement, const std::vector<Param>& params, Done on_done) {
        if (state != State::open || done) {
            throw std::logic_error("AsyncConnection::send: not ready");
        }
        values.emplace(params);
        sql = statement;
        done = std::move(on_done);
        repeated = false;
        deadline_timer = loop.at(SteadyClock::now() + options.statement_deadline, later(&Impl::give_up_statement));
        if (prepared.contains(sql)) {
            execute();
        } else {
            prepare();
        }
    }

    void prepare() {
        request = Request::prepare;
        const std::string name = "moai_" + std::to_string(++last_name);
        prepared.emplace(sql, name);
        after_sending(PQsendPrepare(handle.get(), name.c_str(), sql.c_str(), 0, nullptr));
    }

    /// A server that is frozen, or a network that swallows what we send, ends no connection by itself.
    void give_up_statement() {
        deadline_timer = 0;
        lose(Error("", "the database did not answer in time"));
    }

    void execute() {
        request = Request::execute;
        after_sending(PQsendQueryPrepared(handle.get(), prepared.at(sql).c_str(), values->count(), values->pointers(),
                                          nullptr, nullptr, 0));
    }

    void after_sending(int sent) {
        if (sent == 0) {
            lose_later();
            return;
        }
        flush();
    }
};

AsyncConnection::AsyncConnection(base::EventLoop& loop, Options options, Callbacks callbacks)
    : impl_(std::make_shared<Impl>(loop, std::move(options), std::move(callbacks))) {}

AsyncConnection::~AsyncConnection() {
    // Nobody waits any more: an outstanding `done` may refer to what is being destroyed with us.
    impl_->done = nullptr;
    impl_->close();
}

void AsyncConnection::start() {
    if (impl_->state == Impl::State::stopped) {
        impl_->state = Impl::State::waiting;
        impl_->loop.post(impl_->later(&Impl::connect));
    }
}

void AsyncConnection::send(const std::string& sql, const std::vector<Param>& params, Done done) {
    impl_->send(sql, params, std::move(done));
}

bool AsyncConnection::ready() const noexcept { return connected() && !impl_->done; }

int AsyncConnection::backend_pid() const noexcept { return connected() ? PQbackendPID(impl_->handle.get()) : 0; }

bool AsyncConnection::connected() const noexcept { return impl_->state == Impl::State::open; }

void AsyncConnection::close() {
    if (impl_->state != Impl::State::closed) {
        const auto self = impl_;
        self->close();
    }
}

}  // namespace moai::pg
