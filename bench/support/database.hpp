// A database of its own for each run of a benchmark, on the cluster that MOAI_TEST_CLUSTER_URL names.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>

#include "support/sink.hpp"

namespace moai::bench {

/// The superuser's URL of the cluster. Throws std::runtime_error if the environment names none.
[[nodiscard]] std::string cluster_url();
/// The process of the server behind a URL.
[[nodiscard]] pid_t postmaster_pid(const std::string& url);

/// An empty database with the schema as the binary installs it; dropped at the end. Not thread-safe.
class Database {
public:
    Database();
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    [[nodiscard]] const std::string& url() const noexcept { return url_; }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }

private:
    explicit Database(const std::string& copied);
    /// The one that the others are copies of: the schema is installed once.
    static const Database& migrated();

    std::string cluster_url_, name_, url_;
};

/// One active subscription of this event type to this URL.
void subscribe(const std::string& database_url, const std::string& url, const std::string& type = "bench");
/// The payload of one event: 300 bytes. `sent_at_us` 0: its latency is of no interest.
[[nodiscard]] std::string payload(std::int64_t seq, std::int64_t sent_at_us);
/// `count` events with payload(1 ..., 0), published in batches of 1000.
void preload(const std::string& database_url, int count, const std::string& type = "bench");
/// So few deliveries for each endpoint that a worker has all of them in flight at once, though none is answered.
constexpr int kEachInFlight = 10;
/// Endpoints of `sink` and events for `deliveries` deliveries, kEachInFlight to each endpoint. `more`: further named
/// arguments of create_subscription, each after a comma. REQUIRES: a multiple of kEachInFlight.
void preload_endpoints(const std::string& database_url, const Sink& sink, int deliveries, const std::string& more = "");
/// VACUUM ANALYZE and CHECKPOINT: what was prepared is not paid for while measuring.
void settle(const std::string& database_url);
/// Waits until nothing is left to deliver. Throws std::runtime_error at the deadline.
void wait_until_finished(const std::string& database_url, std::chrono::steady_clock::time_point deadline);

}  // namespace moai::bench
