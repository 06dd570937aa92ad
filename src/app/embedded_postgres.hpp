// A PostgreSQL of moai's own: made, started and stopped together with `moai run`.
//
// It listens on no TCP port; its socket lies in a folder that only its own user (and root) can enter, and inside that
// folder everybody is trusted. moai itself connects as the ordinary login "moai", which owns the database "moai".
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "app/child_process.hpp"
#include "app/data_dir.hpp"
#include "app/postgres_binaries.hpp"
#include "app/signals.hpp"

namespace moai::app {

/// Owns the running server. One thread; the server also gets SIGINT (a fast, clean shutdown) when the thread that
/// started it ends, however it ends: a killed moai leaves no server behind, and the next start waits for that shutdown
/// first.
class EmbeddedPostgres {
public:
    /// `signals` outlives this. Makes the cluster if there is none, starts it, and waits until it answers. Throws
    /// Failure(embedded_postgres), also when a stop signal comes meanwhile.
    EmbeddedPostgres(DataDir data_dir, StopSignals& signals);
    /// Stops the server if stop() has not.
    ~EmbeddedPostgres();
    EmbeddedPostgres(const EmbeddedPostgres&) = delete;
    EmbeddedPostgres& operator=(const EmbeddedPostgres&) = delete;

    [[nodiscard]] std::string database_url() const { return embedded_database_url(socket_dir_); }
    /// Readable when the server has ended by itself.
    [[nodiscard]] int descriptor() const noexcept { return server_->descriptor(); }
    [[nodiscard]] const DataDir& data_dir() const noexcept { return data_dir_; }

    /// To be called now and then: the server's log may grow for as long as it runs.
    void keep_log_small() const;

    /// Fast shutdown: open transactions are rolled back, a checkpoint is written. At once after 60 s, and when a stop
    /// signal comes. Safe to repeat. Throws Failure(embedded_postgres) if the server does not end.
    void stop();
    /// Immediate shutdown: the next start recovers. False if the server has not ended after 10 s, or at a stop signal.
    bool stop_at_once();

private:
    void make_cluster();
    void end_leftover_server();
    void start_server();
    void wait_until_ready();
    void make_database() const;
    void remove_socket_dir() const;

    StopSignals& signals_;
    DataDir data_dir_;
    base::UniqueFd lock_;
    std::optional<User> user_;  ///< set when moai runs as root, which PostgreSQL refuses
    PostgresBinaries binaries_;
    std::filesystem::path socket_dir_;
    std::unique_ptr<ChildProcess> server_;
};

}  // namespace moai::app
