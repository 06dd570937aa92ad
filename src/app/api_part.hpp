// The API as one part of the process: connection pool, router and HTTP server.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/unique_fd.hpp"
#include "config/settings.hpp"
#include "metrics/registry.hpp"

namespace moai::app {

/// Owned by main's thread.
class ApiPart {
public:
    /// `listener_connected` says whether the worker of this process hears the doorbell; empty when there is no worker.
    ApiPart(const config::Settings& settings, const std::string& database_url, metrics::Registry& metrics,
            std::function<bool()> listener_connected);
    ~ApiPart();
    ApiPart(const ApiPart&) = delete;
    ApiPart& operator=(const ApiPart&) = delete;

    /// Serves on the socket of open_api_socket().
    void start(base::UniqueFd listener);
    /// Ready no more, accepts no more, answers what is in flight, for `drain` at most (a running statement may add to
    /// it). Returns at once; descriptor() becomes readable when it is done.
    void begin_drain(std::chrono::milliseconds drain);
    /// Readable once the drain has ended, or a thread of the API's has failed.
    [[nodiscard]] int descriptor() const noexcept;
    /// After the drain: every request that had come was answered.
    [[nodiscard]] bool drained() const noexcept;
    /// Why a thread of the API's has failed; empty otherwise. Safe from any thread.
    [[nodiscard]] std::string failure() const;
    /// "http://127.0.0.1:3000", with the port that was really taken.
    [[nodiscard]] std::string url() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// Takes the address of --listen, so that nobody else does while the rest starts; who connects meanwhile waits.
/// Throws Failure(port_busy).
[[nodiscard]] base::UniqueFd open_api_socket(const config::Settings& settings);

/// Throws Failure(configuration) when `settings` would let others in without a key.
void require_safe_listen_address(const config::Settings& settings);

}  // namespace moai::app
