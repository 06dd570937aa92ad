// The moai binary as a child process.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace moai::bench {

/// Runs moai with these arguments and --log-level warning; of what it says only standard error is shown. A child that
/// still runs is ended with SIGTERM and waited for; it dies with the thread that started it. Not thread-safe.
class Child {
public:
    /// `resolv_conf`: a file to be /etc/resolv.conf for this process alone, which takes the right to mount. Throws
    /// std::runtime_error.
    explicit Child(const std::vector<std::string>& arguments, const std::string& resolv_conf = "");
    ~Child();
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    /// Waits for its end. Throws std::runtime_error unless it exits with 0.
    void wait();
    /// SIGKILL, and waits for its end. Throws std::runtime_error if it had ended before.
    void kill();
    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    [[nodiscard]] long resident_kib() const;

private:
    pid_t pid_ = -1;
};

/// `moai work` on this database.
[[nodiscard]] std::vector<std::string> worker_arguments(const std::string& database_url);

/// `moai serve`, or `moai run`, on this database, on a port of its own; ready when constructed. Not thread-safe.
class Api {
public:
    /// Throws std::runtime_error if it is not ready within half a minute.
    explicit Api(const std::string& database_url, const std::string& command = "serve");
    [[nodiscard]] int port() const noexcept { return port_; }
    [[nodiscard]] pid_t pid() const noexcept { return child_.pid(); }

private:
    int port_;
    Child child_;
};

}  // namespace moai::bench
