#include "app/service.hpp"

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "app/api_part.hpp"
#include "app/data_dir.hpp"
#include "app/database.hpp"
#include "app/demo.hpp"
#include "app/embedded_postgres.hpp"
#include "app/worker_part.hpp"
#include "base/unique_fd.hpp"
#include "config/version.hpp"
#include "log/log.hpp"

namespace moai::app {
namespace {

using config::ExitCode;
using config::Failure;

constexpr std::chrono::minutes kLogInterval{10};
// Descriptors that are no requests: database sessions, look-ups of names, clients of the API that is in the same
// process.
constexpr std::uint64_t kFilesBesides = 128;

/// The parts of one process, declared so that each may use those above it; they are destroyed in the opposite order.
class Service {
public:
    Service(const config::Settings& settings, const Parts& parts, StopSignals& signals)
        : settings_(settings), parts_(parts), signals_(signals), metrics_(config::kVersion) {}

    ExitCode run() {
        if (start()) {
            wait_for_end();
        }
        return drain_parts() == ShutdownMode::drain ? stop() : stop_at_once();
    }

private:
    /// False if a stop signal came before the end.
    bool start();
    void take_address();
    void reach_database();
    void bring_schema();
    void start_parts();
    void wait_for_end();
    /// How the drain ended: by itself, or by a second signal.
    ShutdownMode drain_parts();
    ExitCode stop();
    [[noreturn]] ExitCode stop_at_once();

    [[nodiscard]] int postgres_descriptor() const { return postgres_ ? postgres_->descriptor() : -1; }
    [[nodiscard]] int api_descriptor() const { return api_ ? api_->descriptor() : -1; }
    [[nodiscard]] int worker_descriptor() const { return worker_ ? worker_->descriptor() : -1; }

    const config::Settings& settings_;
    const Parts parts_;
    StopSignals& signals_;
    metrics::Registry metrics_;
    std::string database_url_;

    base::UniqueFd listener_;
    std::unique_ptr<EmbeddedPostgres> postgres_;
    std::unique_ptr<WorkerPart> worker_;
    std::unique_ptr<ApiPart> api_;
    std::unique_ptr<Demo> demo_;
};

bool Service::start() {
    const std::uint64_t open_files = raise_open_file_limit();
    log::info("moai starting", {{"version", config::kVersion}, {"open_files", open_files}});
    if (parts_.worker && open_files < settings_.concurrency + kFilesBesides) {
        log::warning("too few files may be open for --concurrency; requests will wait for one another",
                     {{"open_files", open_files},
                      {"concurrency", settings_.concurrency},
                      {"next", "raise the hard limit (ulimit -Hn), or lower --concurrency"}});
    }
    for (const auto step : {&Service::take_address, &Service::reach_database, &Service::bring_schema}) {
        (this->*step)();
        if (signals_.wait(std::chrono::milliseconds(0)) == StopSignals::Woken::signal) {
            return false;
        }
    }
    start_parts();
    return true;
}

// First, so that a busy port is known before a cluster is made and a schema changed.
void Service::take_address() {
    if (parts_.api) {
        require_safe_listen_address(settings_);
        listener_ = open_api_socket(settings_);
    }
}

void Service::reach_database() {
    if (parts_.owns_database && !settings_.database_url) {
        postgres_ = std::make_unique<EmbeddedPostgres>(DataDir(settings_.data_dir), signals_);
    }
    database_url_ = postgres_ ? postgres_->database_url() : database_of(settings_);
    log::info("database", {{"target", shown_database(database_url_)},
                           {"from", postgres_ ? "--data-dir" : settings_.database_url_origin}});
    require_reachable(database_url_, settings_.wait, signals_);
}

void Service::bring_schema() {
    if (!parts_.owns_database) {
        require_current_schema(schema_state(database_url_));
        return;
    }
    if (!migrate_schema(database_url_, signals_)) {
        if (postgres_) {
            postgres_->stop();
        }
        ::_exit(static_cast<int>(ExitCode::ok));
    }
}

// What may fail comes before the worker, which claims at once: whatever ends the process then leaves claims to their
// leases.
void Service::start_parts() {
    if (settings_.demo && parts_.api) {
        demo_ = std::make_unique<Demo>(DataDir(settings_.data_dir), database_url_);
    } else if (parts_.owns_database) {
        pause_abandoned_demo(settings_.data_dir, database_url_);
    }
    if (parts_.api) {
        const std::function<bool()> listening =
            parts_.worker ? [this] { return worker_->listening(); } : std::function<bool()>();
        api_ = std::make_unique<ApiPart>(settings_, database_url_, metrics_, listening);
    }
    if (parts_.worker) {
        worker_ = std::make_unique<WorkerPart>(settings_, database_url_, metrics_,
                                               demo_ ? std::optional(demo_->receiver_port()) : std::nullopt);
    }
    if (api_) {
        api_->start(std::move(listener_));
    }
    if (demo_) {
        demo_->begin(api_->url());
    }
}

void Service::wait_for_end() {
    const auto look_at_log = postgres_ ? std::optional(kLogInterval) : std::nullopt;
    for (;;) {
        switch (signals_.wait(look_at_log, {worker_descriptor(), api_descriptor(), postgres_descriptor()})) {
            case StopSignals::Woken::signal: return;
            case StopSignals::Woken::timeout: postgres_->keep_log_small(); continue;
            case StopSignals::Woken::descriptor: break;
        }
        break;
    }
    if (worker_ && worker_->ended()) {
        throw Failure(ExitCode::internal, "the worker stopped: " + worker_->failure());
    }
    if (api_ && !api_->failure().empty()) {
        throw Failure(ExitCode::internal, "the API stopped: " + api_->failure());
    }
    throw Failure(ExitCode::embedded_postgres, "the embedded PostgreSQL stopped by itself",
                  "its log: " + postgres_->data_dir().log().string());
}

ShutdownMode Service::drain_parts() {
    log::info("draining", {{"signal", signals_.last()}, {"timeout_ms", settings_.drain_timeout.count()}});
    if (worker_) {
        worker_->begin_drain();
    }
    if (api_) {
        api_->begin_drain(settings_.drain_timeout);
    }
    for (const int part : {api_descriptor(), worker_descriptor()}) {
        if (part >= 0 && signals_.wait(std::nullopt, {part}) == StopSignals::Woken::signal) {
            return ShutdownMode::at_once;
        }
    }
    return ShutdownMode::drain;
}

ExitCode Service::stop() {
    const bool drained = (!worker_ || worker_->drained()) && (!api_ || api_->drained());
    if (demo_) {
        demo_->stop();
    }
    demo_.reset();
    api_.reset();
    worker_.reset();
    if (postgres_) {
        postgres_->stop();
    }
    log::info("stopped", {{"drained", drained}});
    return drained ? ExitCode::ok : ExitCode::drain_incomplete;
}

// Threads still run, so nothing is destroyed: PostgreSQL is told, and the process ends.
ExitCode Service::stop_at_once() {
    log::warning("stopped at once", {{"signal", signals_.last()}});
    if (postgres_ && !postgres_->stop_at_once()) {
        log::error("the embedded PostgreSQL is still stopping");
    }
    ::_exit(static_cast<int>(ExitCode::drain_incomplete));
}

}  // namespace

ExitCode run_service(const config::Settings& settings, const Parts& parts, StopSignals& signals) {
    return Service(settings, parts, signals).run();
}

}  // namespace moai::app
