// DatabaseProxy on the project's own event loop: one link for each connection, all of them on its thread.
#include "support/database_proxy.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "base/event_loop.hpp"
#include "base/unique_fd.hpp"
#include "support/loopback_listener.hpp"
#include "support/test_cluster.hpp"

namespace moai::test {
namespace {

using base::UniqueFd;

/// A new connection to the server of a TestCluster.
UniqueFd connect_to(const std::string& database_url) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = url_parameter(database_url, "host") + "/.s.PGSQL." + url_parameter(database_url, "port");
    if (path.size() >= sizeof address.sun_path) {
        throw std::runtime_error("the path of a socket is too long: " + path);
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd || ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) {
        throw std::system_error(errno, std::generic_category(), path);
    }
    return fd;
}

UniqueFd blocking(UniqueFd fd) {
    if (::fcntl(fd.get(), F_SETFL, 0) < 0) {
        throw std::system_error(errno, std::generic_category(), "fcntl");
    }
    return fd;
}

/// Empty at the end of the stream.
std::string received(int fd) {
    std::array<char, 65'536> buffer{};
    const auto got = ::recv(fd, buffer.data(), buffer.size(), 0);
    return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
}

bool sent(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto taken = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (taken <= 0) {
            return false;
        }
        bytes.remove_prefix(static_cast<std::size_t>(taken));
    }
    return true;
}

/// What comes last in the answer to a statement: ReadyForQuery, "Z", its length, and the transaction's state.
/// https://www.postgresql.org/docs/15/protocol-message-formats.html
bool is_done(std::string_view answer) {
    constexpr std::string_view kReady("Z\0\0\0\5", 5);
    return answer.size() > kReady.size() && answer.substr(answer.size() - kReady.size() - 1).starts_with(kReady);
}

std::string tail_of(const std::string& text) {
    constexpr std::size_t kLongest = 100;
    return text.substr(text.size() - std::min(text.size(), kLongest));
}

struct Link {
    UniqueFd client, server;
    std::string request_tail{}, answer_tail{};  ///< for bytes looked for that come in two pieces
    bool is_losing = false;
    std::string unheard{};
};

}  // namespace

struct DatabaseProxy::Impl {
    explicit Impl(std::string url) : database_url(std::move(url)) {
        listener.listen();
        loop.watch(listener.fd(), EPOLLIN, [this](std::uint32_t) { accept(); });
        thread = std::jthread([this] { loop.run(); });
    }
    ~Impl() { loop.stop(); }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    void accept() {
        while (UniqueFd accepted = listener.accept()) {
            const int client = accepted.get();
            Link& link = links[client];
            link.client = blocking(std::move(accepted));
            link.server = connect_to(database_url);
            loop.watch(client, EPOLLIN, [this, client](std::uint32_t) { from_client(client); });
            loop.watch(link.server.get(), EPOLLIN, [this, client](std::uint32_t) { from_server(client); });
        }
    }

    void from_client(int client) {
        Link& link = links.at(client);
        const std::string bytes = received(client);
        link.is_losing = link.is_losing || takes(to, link.request_tail + bytes);
        link.request_tail = tail_of(link.request_tail + bytes);
        if (bytes.empty() || !sent(link.server.get(), bytes)) {
            cut(client);
        }
    }

    void from_server(int client) {
        Link& link = links.at(client);
        const std::string bytes = received(link.server.get());
        link.is_losing = link.is_losing || takes(with, link.answer_tail + bytes);
        link.answer_tail = tail_of(link.answer_tail + bytes);
        if (bytes.empty()) {
            cut(client);
        } else if (!link.is_losing) {
            if (!sent(client, bytes)) {
                cut(client);
            }
        } else if (is_done(link.unheard += bytes)) {
            ++lost;  // before anybody hears of it
            cut(client);
        }
    }

    /// Whether `text` holds what is `wanted`, which is then wanted no more.
    bool takes(std::string& wanted, std::string_view text) {
        const std::lock_guard lock(mutex);
        const bool found = !wanted.empty() && text.find(wanted) != std::string_view::npos;
        if (found) {
            wanted.clear();
        }
        return found;
    }

    void cut(int client) {
        const auto link = links.find(client);
        loop.unwatch(client);
        loop.unwatch(link->second.server.get());
        links.erase(link);
    }

    const std::string database_url;
    LoopbackListener listener;
    base::EventLoop loop;
    std::map<int, Link> links;  ///< by the client's descriptor; on the thread only
    std::mutex mutex;
    std::string to, with;
    std::atomic<int> lost{0};
    std::jthread thread;  // ends before what it uses
};

DatabaseProxy::DatabaseProxy(const std::string& database_url) : impl_(std::make_unique<Impl>(database_url)) {}

DatabaseProxy::~DatabaseProxy() = default;

std::string DatabaseProxy::url() const {
    const std::string& url = impl_->database_url;
    const std::size_t at = url.find('@');
    const std::size_t slash = url.find('/', at);
    return url.substr(0, at) + "@127.0.0.1:" + std::to_string(impl_->listener.port()) +
           url.substr(slash, url.find('?') - slash);
}

void DatabaseProxy::lose_the_answer_to(std::string bytes) {
    const std::lock_guard lock(impl_->mutex);
    impl_->to = std::move(bytes);
}

void DatabaseProxy::lose_the_answer_with(std::string bytes) {
    const std::lock_guard lock(impl_->mutex);
    impl_->with = std::move(bytes);
}

int DatabaseProxy::lost() const noexcept { return impl_->lost; }

}  // namespace moai::test
