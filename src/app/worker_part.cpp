#include "app/worker_part.hpp"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <system_error>
#include <thread>

#include "base/event_loop.hpp"
#include "delivery/curl_transport.hpp"
#include "delivery/request_builder.hpp"
#include "log/log.hpp"
#include "store/pg_delivery_queue.hpp"
#include "store/pg_office.hpp"
#include "store/pg_queue_upkeep.hpp"
#include "store/wake_listener.hpp"
#include "worker/delivery_loop.hpp"
#include "worker/sentinel.hpp"
#include "worker/upkeep.hpp"

namespace moai::app {
namespace {

std::string worker_name(const config::Settings& settings) {
    if (!settings.worker_name.empty()) {
        return settings.worker_name;
    }
    std::array<char, 256> host{};
    if (gethostname(host.data(), host.size() - 1) != 0) {
        throw std::system_error(errno, std::generic_category(), "gethostname");
    }
    return fmt::format("{}:{}", host.data(), getpid());
}

delivery::CurlTransportOptions transport_options(const config::Settings& settings, metrics::Registry& registry,
                                                 std::optional<std::uint16_t> demo_port) {
    delivery::CurlTransportOptions options;
    options.max_connections = settings.concurrency;
    options.on_connections = [&registry](std::size_t count) { registry.connections(count); };
    delivery::EgressPolicy::Options egress{.allowed = settings.egress_allow,
                                           .denied = settings.egress_deny,
                                           .allowed_only = settings.egress_allow_only,
                                           .metadata = settings.egress_allow_metadata,
                                           .own = {}};
    if (demo_port) {
        egress.own.push_back({base::IpAddress::parse("127.0.0.1").value(), *demo_port});
    }
    options.egress = delivery::EgressPolicy(std::move(egress));
    return options;
}

std::string shown(const std::vector<base::Destination>& destinations) {
    std::string text;
    for (const auto& destination : destinations) {
        text += (text.empty() ? "" : ",") + destination.text();
    }
    return text.empty() ? "none" : text;
}

/// Where webhooks may go without being on a list.
const char* shown_default(const config::Settings& settings) {
    if (settings.egress_allow_only) {
        return "none";
    }
    return settings.egress_allow_metadata ? "public,metadata" : "public";
}

worker::DeliveryLoop::Options loop_options(const config::Settings& settings) {
    worker::DeliveryLoop::Options options;
    options.concurrency = static_cast<int>(settings.concurrency);
    options.safety_interval = settings.safety_interval;
    return options;
}

/// A wait for a lock holds a snapshot, and its end is this worker's safety look.
std::chrono::milliseconds patience(const config::Settings& settings) {
    return std::min<std::chrono::milliseconds>(settings.safety_interval, std::chrono::seconds(30));
}

worker::Sentinel::Options sentinel_options(const config::Settings& settings) {
    worker::Sentinel::Options options;
    options.patience = patience(settings);
    return options;
}

}  // namespace

struct WorkerPart::Impl {
    Impl(const config::Settings& settings, const std::string& database_url, metrics::Registry& registry,
         std::optional<std::uint16_t> demo_port)
        : name(worker_name(settings)),
          drain_timeout(settings.drain_timeout),
          metrics(registry),
          ended(eventfd(0, EFD_CLOEXEC)),
          transport(loop, transport_options(settings, registry, demo_port)),
          queue(loop,
                {.database_url = database_url, .worker_name = name, .synchronous_commit = settings.synchronous_commit},
                {.on_ready =
                     [this] {
                         delivery_loop.queue_ready();
                         upkeep.start();
                     },
                 .on_lost = [this](const pg::Error& error) { lost("queue", error); },
                 .on_rows_changed = [this](std::size_t count) { upkeep.rows_changed(count); }}),
          listener(loop, database_url, name,
                   {.on_wake = [this](int sender_pid) { rung(sender_pid); },
                    .on_help = [this] { sentinel.called_for_help(); },
                    .on_endpoint_renewed = [this](const std::string& id) { delivery_loop.renew_endpoint(id); },
                    .on_ready = [this] { heard(); },
                    .on_lost = [this](const pg::Error& error) { lost("listen", error); }}),
          office(loop, {.database_url = database_url, .worker_name = name, .longest_patience = patience(settings)},
                 {.on_ready = [this] { sentinel.session_ready(); },
                  .on_lost = [this](const pg::Error& error) { lost("sentinel", error); }}),
          delivery_loop(
              loop, queue, transport,
              [this](const store::ClaimedDelivery& delivery, std::int64_t unix_seconds) {
                  return delivery::build_request(delivery, unix_seconds, keyring);
              },
              registry, loop_options(settings)),
          sentinel(loop, office,
                   {.look = [this](worker::WakeReason reason) { delivery_loop.wake(reason); },
                    .adopt = [this](const store::Claim& claim,
                                    worker::WakeReason reason) { delivery_loop.adopt(claim, 1, reason); }},
                   sentinel_options(settings)),
          upkeep_store(loop, {.database_url = settings.maintenance_url.value_or(database_url), .worker_name = name}),
          upkeep(loop, upkeep_store, registry, {}) {
        delivery_loop.watched_by({.looked = [this](bool found, bool more) { sentinel.looked(found, more); },
                                  .saturated = [this](bool full) { sentinel.saturated(full); },
                                  .in_office = [this] { return sentinel.in_office(); },
                                  .waits = [this] { return sentinel.waits(); },
                                  .looks_again = [this] { return sentinel.looks_again(); }});
        if (!ended) {
            throw std::system_error(errno, std::generic_category(), "eventfd");
        }
        thread = std::thread([this] { run(); });
    }

    ~Impl() {
        loop.stop();
        thread.join();
    }

    // The boundary of the worker's thread: what leaves it is told to main, which ends the process.
    void run() {
        try {
            queue.start();
            listener.start();
            office.start();
            loop.run();
            office.close();
            listener.close();
            queue.close();
            upkeep_store.close();
        } catch (const std::exception& error) {
            log::error("worker failed", {{"error", error.what()}});
            failure = error.what();
        }
        listening = false;
        has_ended = true;
        eventfd_write(ended.get(), 1);
    }

    void heard() {
        log::info("worker listening", {{"worker", name}});
        listening = true;
        delivery_loop.listening();
        sentinel.listening(true);
    }

    void rung(int sender_pid) {
        if (!queue.is_own_backend(sender_pid)) {
            sentinel.rung();
        }
    }

    void lost(const char* connection, const pg::Error& error) {
        log::warning("worker connection lost", {{"connection", connection}, {"error", error.what()}});
        metrics.reconnect(connection);
        if (connection == std::string_view("listen")) {
            listening = false;
            sentinel.listening(false);
        } else if (connection == std::string_view("sentinel")) {
            sentinel.session_lost();
        }
    }

    void drain() {
        sentinel.stop([this] { office.close(); });
        delivery_loop.drain([this] {
            drained = true;
            loop.stop();
        });
        static_cast<void>(loop.at(std::chrono::steady_clock::now() + drain_timeout, [this] {
            log::warning("drain timeout, leaving requests to their lease", {{"in_flight", delivery_loop.in_flight()}});
            loop.stop();
        }));
    }

    const std::string name;
    const std::chrono::milliseconds drain_timeout;
    metrics::Registry& metrics;
    base::UniqueFd ended;
    std::string failure;  // written before has_ended
    std::atomic<bool> has_ended{false}, drained{false}, listening{false};

    base::EventLoop loop;
    delivery::Keyring keyring;
    delivery::CurlTransport transport;
    store::PgDeliveryQueue queue;
    store::WakeListener listener;
    store::PgOffice office;
    worker::DeliveryLoop delivery_loop;
    worker::Sentinel sentinel;
    store::PgQueueUpkeep upkeep_store;
    worker::Upkeep upkeep;
    std::thread thread;
};

WorkerPart::WorkerPart(const config::Settings& settings, const std::string& database_url, metrics::Registry& metrics,
                       std::optional<std::uint16_t> demo_port)
    : impl_(std::make_unique<Impl>(settings, database_url, metrics, demo_port)) {
    log::info("worker started", {{"worker", impl_->name},
                                 {"concurrency", settings.concurrency},
                                 {"egress_default", shown_default(settings)},
                                 {"egress_allow", shown(settings.egress_allow)},
                                 {"egress_deny", shown(settings.egress_deny)},
                                 {"client", delivery::client_version()}});
}
WorkerPart::~WorkerPart() = default;

void WorkerPart::begin_drain() {
    impl_->loop.post([impl = impl_.get()] { impl->drain(); });
}

int WorkerPart::descriptor() const noexcept { return impl_->ended.get(); }
bool WorkerPart::ended() const noexcept { return impl_->has_ended; }
bool WorkerPart::drained() const noexcept { return impl_->drained; }
const std::string& WorkerPart::failure() const noexcept { return impl_->failure; }
bool WorkerPart::listening() const noexcept { return impl_->listening; }

}  // namespace moai::app
