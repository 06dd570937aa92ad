#include "app/service.hpp"

#include <unistd.h>

#include <memory>
#include <optional>

#include "app/api_part.hpp"
#include "app/data_dir.hpp"
#include "app/database.hpp"
#include "app/demo.hpp"
#include "app/embedded_postgres.hpp"
#include "app/worker_part.hpp"
#include "config/version.hpp"
#include "log/log.hpp"

namespace moai::app {
namespace {

using config::ExitCode;
using config::Failure;

/// The parts of one process, declared in the order in which they start; they are destroyed in the opposite one.
class Service {
public:
    Service(const config::Settings& settings, const Parts& parts, StopSignals& signals)
        : settings_(settings), parts_(parts), signals_(signals), metrics_(config::kVersion) {}

    ExitCode run() {
        start();
        wait_for_end();
        return drain_parts() == ShutdownMode::drain ? stop() : stop_at_once();
    }

private:
    void start();
    void wait_for_end();
    /// How the drain ended: by itself, or by a second signal.
    ShutdownMode drain_parts();
    ExitCode stop();
    [[noreturn]] ExitCode stop_at_once();

    [[nodiscard]] int postgres_descriptor() const { return postgres_ ? postgres_->descriptor() : -1; }
    [[nodiscard]] int worker_descriptor() const { return worker_ ? worker_->descriptor() : -1; }

    const config::Settings& settings_;
    const Parts parts_;
    StopSignals& signals_;
    metrics::Registry metrics_;
    std::string database_url_;

    std::unique_ptr<EmbeddedPostgres> postgres_;
    std::unique_ptr<WorkerPart> worker_;
    std::unique_ptr<ApiPart> api_;
    std::unique_ptr<Demo> demo_;
};

void Service::start() {
    log::info("moai starting", {{"version", config::kVersion}, {"open_files", raise_open_file_limit()}});
    if (parts_.api) {
        require_safe_listen_address(settings_);
    }
    if (parts_.owns_database && !settings_.database_url) {
        postgres_ = std::make_unique<EmbeddedPostgres>(DataDir(settings_.data_dir), signals_);
    }
    database_url_ = postgres_ ? postgres_->database_url() : database_of(settings_);
    require_reachable(database_url_, settings_.wait, signals_);
    if (parts_.owns_database) {
        static_cast<void>(migrate_schema(database_url_));
    } else {
        require_current_schema(database_url_);
    }
    if (parts_.worker) {
        worker_ = std::make_unique<WorkerPart>(settings_, database_url_, metrics_);
    }
    if (parts_.api) {
        const std::function<bool()> listening =
            worker_ ? [this] { return worker_->listening(); } : std::function<bool()>();
        api_ = std::make_unique<ApiPart>(settings_, database_url_, metrics_, listening);
        api_->start();
    }
    if (settings_.demo && api_) {
        demo_ = std::make_unique<Demo>(DataDir(settings_.data_dir), database_url_);
        demo_->begin(api_->url());
    }
}

void Service::wait_for_end() {
    if (signals_.wait(std::nullopt, {worker_descriptor(), postgres_descriptor()}) == StopSignals::Woken::signal) {
        return;
    }
    if (worker_ && worker_->ended()) {
        throw Failure(ExitCode::internal, "the worker stopped: " + worker_->failure());
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
    for (const int part : {api_ ? api_->descriptor() : -1, worker_descriptor()}) {
        if (part >= 0 && signals_.wait(std::nullopt, {part}) == StopSignals::Woken::signal) {
            return ShutdownMode::at_once;
        }
    }
    return ShutdownMode::drain;
}

ExitCode Service::stop() {
    const bool drained = !worker_ || worker_->drained();
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
    if (postgres_) {
        postgres_->stop();
    }
    ::_exit(static_cast<int>(ExitCode::drain_incomplete));
}

}  // namespace

ExitCode run_service(const config::Settings& settings, const Parts& parts, StopSignals& signals) {
    return Service(settings, parts, signals).run();
}

}  // namespace moai::app
