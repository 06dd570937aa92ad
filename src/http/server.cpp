// Start and stop order: listener, request queues, I/O threads; and back.
#include "http/server.hpp"

#include <pistache/reactor.h>

#include <optional>
#include <utility>

#include "http/io_thread.hpp"
#include "http/listen_socket.hpp"
#include "http/server_core.hpp"

namespace moai::http {

struct Server::Impl {
    ServerOptions options;
    api::Handler handler;
    api::GroupHandler group_handler;

    // In order of dependence: the reactor's threads use all that stands above it.
    std::unique_ptr<ServerCore> core;
    Wakeups wakeups;
    base::UniqueFd listener;
    std::uint16_t port = 0;
    std::shared_ptr<Pistache::Aio::Reactor> reactor;
};

Server::Server(ServerOptions options, api::Handler handler, api::GroupHandler group_handler)
    : impl_(std::make_unique<Impl>()) {
    impl_->options = std::move(options);
    impl_->handler = std::move(handler);
    impl_->group_handler = std::move(group_handler);
}

Server::~Server() { stop(std::chrono::milliseconds(0)); }

void Server::start() { start(open_listen_socket(impl_->options.listen)); }

void Server::start(base::UniqueFd listener) {
    impl_->listener = std::move(listener);
    impl_->port = bound_port(impl_->listener.get());
    impl_->core = std::make_unique<ServerCore>(impl_->options, impl_->handler, impl_->group_handler);
    impl_->reactor = Pistache::Aio::Reactor::create();
    impl_->reactor->init(Pistache::Aio::AsyncContext(impl_->options.io_threads, "moai-http"));
    impl_->reactor->addHandler(std::make_shared<IoThread>(*impl_->core, impl_->wakeups, impl_->listener.get()));
    impl_->reactor->run();
}

bool Server::stop(std::chrono::milliseconds drain) {
    if (!impl_->reactor) {
        return true;
    }
    const auto deadline = std::chrono::steady_clock::now() + drain;
    impl_->core->draining = true;
    impl_->wakeups.wake_all();
    const bool drained = impl_->core->connections.wait_for_none(deadline);
    // Handlers that still run may write their answers, so the I/O threads go last.
    impl_->core->groups.stop();
    impl_->core->waiters.stop();
    impl_->core->queue.stop();
    impl_->reactor->shutdown();
    impl_->reactor.reset();
    impl_->listener.reset();
    return drained;
}

std::uint16_t Server::port() const noexcept { return impl_->port; }

std::size_t Server::open_connections() const noexcept { return impl_->core ? impl_->core->connections.value() : 0; }

}  // namespace moai::http
