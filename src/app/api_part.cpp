#include "app/api_part.hpp"

#include <fmt/format.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <nlohmann/json.hpp>
#include <system_error>
#include <thread>

#include "api/router.hpp"
#include "app/counting_backend.hpp"
#include "app/database.hpp"
#include "app/database_watch.hpp"
#include "base/unique_fd.hpp"
#include "config/exit_code.hpp"
#include "http/listen_socket.hpp"
#include "http/server.hpp"
#include "log/log.hpp"
#include "pg/pool.hpp"
#include "store/rest_calls.hpp"

namespace moai::app {
namespace {

using config::ExitCode;
using config::Failure;

/// Of the connections of the API those that publish together: two, so that one group is on its way to the database
/// while the other's COMMIT is waited for.
std::size_t group_connections(const config::Settings& settings) {
    return std::clamp<std::size_t>(settings.api_connections / 4, 1, 2);
}

/// ... and those that may wait for keys of open transactions: few, so that most are there for whoever need not wait.
std::size_t waiting_connections(const config::Settings& settings) {
    return std::clamp<std::size_t>(settings.api_connections / 4, 1, 4);
}

pg::Pool::Options pool_options(const std::string& database_url, std::size_t size) {
    pg::Pool::Options options;
    options.database_url = database_url;
    options.application_name = "moai api";
    options.session_setup = "SET statement_timeout = '10s'; SET default_transaction_isolation = 'read committed'";
    options.size = size;
    return options;
}

std::chrono::microseconds from_seconds(double seconds) {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::duration<double>(seconds));
}

}  // namespace

struct ApiPart::Impl {
    Impl(const config::Settings& settings, const std::string& database_url, metrics::Registry& registry,
         std::function<bool()> listener)
        : metrics(registry),
          listener_connected(std::move(listener)),
          address(settings.listen),
          pool(pool_options(database_url, settings.api_connections - group_connections(settings))),
          groups(pool_options(database_url, group_connections(settings))),
          calls(pool, groups),
          backend(calls, registry),
          watch(database_url, [this](const std::string& why) { fail("its database watch: " + why); }),
          router(backend, {.ready = [this] { return readiness(); }, .metrics = [this] { return metrics.text(); }},
                 {.on_request =
                      [this](std::string_view route, std::string_view method, int status, double seconds) {
                          metrics.api_request(method, route, status, from_seconds(seconds));
                      },
                  .on_internal_error =
                      [](std::string_view id, std::string_view text) {
                          log::error("request failed", {{"request_id", id}, {"error", text}});
                      }}),
          server(
              server_options(settings), [this](const api::Request& request) { return router.handle(request); },
              [this](std::span<const api::Request* const> requests) { return router.handle_group(requests); }) {
        if (!stopped) {
            throw std::system_error(errno, std::generic_category(), "eventfd");
        }
    }

    http::ServerOptions server_options(const config::Settings& settings) {
        http::ServerOptions options;
        options.listen = settings.listen;
        options.threads = settings.api_connections - group_connections(settings) - waiting_connections(settings);
        options.group_threads = group_connections(settings);
        options.waiting_threads = waiting_connections(settings);
        options.allowed_hosts = settings.allowed_hosts;
        options.answers_at_once = api::Router::answers_at_once;
        options.goes_in_group = api::Router::goes_in_group;
        options.body_optional = api::Router::body_optional;
        options.on_refused = [this](int status) { metrics.api_request("other", "refused", status, {}); };
        options.on_handler_error = [](std::string_view id, std::string_view what) {
            log::error("request failed", {{"request_id", id}, {"error", what}});
        };
        return options;
    }

    api::Readiness readiness() const {
        const bool database = watch.reachable();
        const auto schema = watch.schema();
        nlohmann::ordered_json detail{{"database", database}, {"schema", schema_state_name(schema)}};
        bool ready = database && schema == migrate::SchemaState::current && !stopping;
        if (listener_connected) {
            const bool listening = listener_connected();
            detail["listener"] = listening;
            ready = ready && listening;
        }
        if (stopping) {
            detail["stopping"] = true;
        }
        return {ready, detail.dump()};
    }

    // Threads of the API's end here when an exception leaves them; main hears of it by the descriptor.
    void fail(const std::string& why) {
        {
            const std::lock_guard lock(failure_mutex);
            failure = why;
        }
        eventfd_write(stopped.get(), 1);
    }

    // The boundary of the drain's thread.
    void run_drain(std::chrono::milliseconds drain_timeout) {
        try {
            drained = server.stop(drain_timeout);
            log::info("API stopped", {{"drained", drained.load()}});
        } catch (const std::exception& error) {
            log::error("API did not stop", {{"error", error.what()}});
            fail(error.what());
        }
        eventfd_write(stopped.get(), 1);
    }

    metrics::Registry& metrics;
    std::function<bool()> listener_connected;
    config::ListenAddress address;
    std::atomic<bool> stopping{false}, drained{false};
    base::UniqueFd stopped{eventfd(0, EFD_CLOEXEC)};  // before the watch, whose thread may write to it
    std::mutex failure_mutex;
    std::string failure;
    pg::Pool pool, groups;
    store::RestCalls calls;
    CountingBackend backend;
    DatabaseWatch watch;
    api::Router router;
    http::Server server;
    std::jthread drain;
};

ApiPart::ApiPart(const config::Settings& settings, const std::string& database_url, metrics::Registry& metrics,
                 std::function<bool()> listener_connected)
    : impl_(std::make_unique<Impl>(settings, database_url, metrics, std::move(listener_connected))) {}
ApiPart::~ApiPart() = default;

void ApiPart::start(base::UniqueFd listener) {
    impl_->server.start(std::move(listener));
    impl_->address.port = impl_->server.port();
    log::info("API listening", {{"url", url()}});
}

void ApiPart::begin_drain(std::chrono::milliseconds drain) {
    impl_->stopping = true;
    impl_->drain = std::jthread([impl = impl_.get(), drain] { impl->run_drain(drain); });
}

int ApiPart::descriptor() const noexcept { return impl_->stopped.get(); }

bool ApiPart::drained() const noexcept { return impl_->drained; }

std::string ApiPart::failure() const {
    const std::lock_guard lock(impl_->failure_mutex);
    return impl_->failure;
}

std::string ApiPart::url() const { return "http://" + impl_->address.text(); }

base::UniqueFd open_api_socket(const config::Settings& settings) {
    try {
        return http::open_listen_socket(settings.listen);
    } catch (const http::ListenError& error) {
        throw Failure(ExitCode::port_busy, error.what(),
                      "--listen HOST:PORT (or MOAI_LISTEN) chooses another; port 0 takes any free one and prints it");
    }
}

void require_safe_listen_address(const config::Settings& settings) {
    if (!settings.listen.loopback() && !settings.allow_unauthenticated) {
        throw Failure(
            ExitCode::configuration,
            fmt::format(
                "--listen: {} can be reached by others, who could then publish and read everything without a key",
                settings.listen.text()),
            "listen on 127.0.0.1 behind a proxy that authenticates, or add --allow-unauthenticated");
    }
}

}  // namespace moai::app
