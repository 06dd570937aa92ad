// One I/O thread: accepts connections and tells them when their sockets are ready or their time is up.
//
// It stands on Pistache's reactor alone. Pistache 0.0.5's listener, transport and HTTP layer are not used, because each
// can be brought down or confused from outside: queues between threads lose wake-ups, a full socket buffer spins the
// thread, running out of descriptors spins the accept loop, answers are sent to a descriptor number that may be another
// client's by then, and the parser goes on after an error. Here every thread accepts for itself and alone opens, reads
// and closes its sockets. What crosses threads: a request goes to a request queue, whose thread sends the answer under
// the connection's lock and asks epoll to report the socket again; and one descriptor wakes all threads when the server
// stops.
#pragma once

#include <pistache/reactor.h>

#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "base/unique_fd.hpp"
#include "http/connection.hpp"
#include "http/server_core.hpp"

namespace moai::http {

/// The descriptors that wake the I/O threads of one server. Safe from any thread.
class Wakeups {
public:
    /// A new descriptor that becomes readable at wake_all().
    [[nodiscard]] int add();
    void wake_all();

private:
    std::mutex mutex_;
    std::vector<base::UniqueFd> fds_;
};

/// What Pistache clones once per thread; each clone serves the connections it has accepted, on its own thread.
class IoThread final : public Pistache::Aio::Handler {
public:
    /// `listener` stays the caller's; core and wakeups outlive the reactor.
    IoThread(ServerCore& core, Wakeups& wakeups, int listener);
    ~IoThread() override;

    [[nodiscard]] std::shared_ptr<Pistache::Aio::Handler> clone() const override;
    void registerPoller(Pistache::Polling::Epoll& poller) override;
    void onReady(const Pistache::Aio::FdSet& fds) override;

private:
    void dispatch(int fd);
    void accept_ready();
    void adopt(base::UniqueFd socket, std::string remote_address);
    void drop(int fd);
    void pause_accepting();
    void on_wakeup();
    void on_tick();
    void run_timer(bool wanted);
    void contain(int fd, const std::exception& error);

    ServerCore& core_;
    Wakeups& wakeups_;
    const int listener_;
    int wakeup_ = -1;
    base::UniqueFd timer_;
    bool timer_runs_ = false;
    bool accepting_ = true;
    std::vector<char> scratch_;
    std::unordered_map<int, std::shared_ptr<Connection>> connections_;
};

}  // namespace moai::http
