// The worker as one part of the process: event loop, transport, queue and delivery loop on a thread of their own.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/unique_fd.hpp"
#include "config/settings.hpp"
#include "metrics/registry.hpp"

namespace moai::app {

/// Owned by main's thread, which alone calls its methods, except listening(): safe from any thread.
class WorkerPart {
public:
    /// `demo_port`: of the demo's receiver on 127.0.0.1, which alone may be sent to there unless --egress-allow says
    /// more.
    WorkerPart(const config::Settings& settings, const std::string& database_url, metrics::Registry& metrics,
               std::optional<std::uint16_t> demo_port = std::nullopt);
    /// Stops at once if the worker still runs.
    ~WorkerPart();
    WorkerPart(const WorkerPart&) = delete;
    WorkerPart& operator=(const WorkerPart&) = delete;

    /// Claims no more, releases what was not sent, waits for what is in flight (at most --drain-timeout). Returns at
    /// once; descriptor() becomes readable when it is done.
    void begin_drain();

    /// Readable once the worker's thread has ended: drained, or failed.
    [[nodiscard]] int descriptor() const noexcept;
    [[nodiscard]] bool ended() const noexcept;
    /// After ended(): everything in flight was answered and recorded, or released.
    [[nodiscard]] bool drained() const noexcept;
    /// After ended(): why the worker ended without being asked; empty otherwise.
    [[nodiscard]] const std::string& failure() const noexcept;
    /// The doorbell is heard.
    [[nodiscard]] bool listening() const noexcept;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace moai::app
