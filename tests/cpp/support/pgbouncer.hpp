// A real PgBouncer in front of a test cluster.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

namespace moai::test {

/// Pools transactions (pool_mode = transaction) over two connections a database, whatever database and user are asked
/// for. Listens on a loopback port, runs as the servers' user, dies with the thread that started it. Not thread-safe.
/// Throws std::runtime_error with its log when it does not start.
class PgBouncer {
public:
    /// REQUIRES: a URL of a TestCluster.
    explicit PgBouncer(const std::string& cluster_url);
    ~PgBouncer();
    PgBouncer(const PgBouncer&) = delete;
    PgBouncer& operator=(const PgBouncer&) = delete;

    [[nodiscard]] std::string url(const std::string& database, const std::string& user) const;

private:
    [[nodiscard]] std::string log() const;

    std::filesystem::path folder_;
    int port_;
    pid_t process_ = -1;
};

}  // namespace moai::test
