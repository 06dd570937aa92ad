// A PostgreSQL cluster for one test program: made, tormented and thrown away.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace moai::test {

/// A cluster of its own below /tmp, reached by a Unix socket (and a loopback port if asked for), superuser "postgres",
/// no passwords. As root its processes belong to the user postgres. The server dies with the thread that started it, so
/// that a killed test leaves none behind: start it on the main thread. Not thread-safe. Whatever goes wrong throws
/// std::runtime_error with the server's log.
class TestCluster {
public:
    struct Options {
        /// fsync and full_page_writes on: for tests of what survives a crash.
        bool durable = false;
        /// Listen on 127.0.0.1 too.
        bool tcp = false;
        /// initdb's encoding and, further below, settings as "name=value".
        std::string encoding = "UTF8";
        std::vector<std::string> settings{};
    };

    /// Makes and starts it.
    TestCluster();
    explicit TestCluster(Options options);
    /// Stops it at once and removes its files.
    ~TestCluster();
    TestCluster(const TestCluster&) = delete;
    TestCluster& operator=(const TestCluster&) = delete;

    enum class StopMode {
        fast,
        immediate
    };  ///< as pg_ctl's -m: immediate is a crash, recovery follows at the next start

    /// Returns when the server takes connections.
    void start();
    /// Returns when the server is gone.
    void stop(StopMode mode = StopMode::fast);
    void restart(StopMode mode = StopMode::fast);

    /// The superuser's URL of `database`.
    [[nodiscard]] std::string url(const std::string& database = "postgres") const;
    [[nodiscard]] std::string url(const std::string& database, const std::string& user) const;
    /// The same over TCP. REQUIRES: Options::tcp.
    [[nodiscard]] std::string tcp_url(const std::string& database, const std::string& user) const;

    /// Terminates the backends whose application_name is `application_name`, and returns how many there were.
    int terminate_backends(const std::string& application_name) const;

    [[nodiscard]] pid_t postmaster_pid() const noexcept { return postmaster_; }
    [[nodiscard]] std::string server_log() const;

private:
    [[nodiscard]] std::filesystem::path data() const { return folder_ / "data"; }
    [[nodiscard]] std::filesystem::path log_path() const { return folder_ / "log"; }
    void initdb() const;
    void launch();
    void remove_folder() noexcept;

    Options options_;
    std::filesystem::path folder_;
    int port_ = 5432;
    pid_t postmaster_ = -1;
};

/// The superuser's URL of the cluster that MOAI_TEST_CLUSTER_URL names (scripts/with-cluster), else of one that this
/// program starts at the first call and stops at its end. For tests that leave the server itself alone.
[[nodiscard]] const std::string& shared_cluster_url();

/// The path of a PostgreSQL program (psql, pg_dump ...) of the version that the clusters run.
[[nodiscard]] std::string postgres_program(const std::string& name);

/// `url` with another database and user. REQUIRES: a URL of a TestCluster or of scripts/with-cluster.
[[nodiscard]] std::string with_database(const std::string& url, const std::string& database, const std::string& user);
/// "host" (a folder of sockets) or "port" of such a URL.
[[nodiscard]] std::string url_parameter(const std::string& url, const std::string& name);

}  // namespace moai::test
