// The moai binary as a child process.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace moai::bench {

/// Runs moai with these arguments; a child that still runs is ended with SIGTERM and waited for. Not thread-safe.
class Child {
public:
    explicit Child(const std::vector<std::string>& arguments);
    ~Child();
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    /// Waits for its end. Throws std::runtime_error unless it exits with 0.
    void wait();
    [[nodiscard]] long resident_kib() const;

private:
    pid_t pid_ = -1;
};

}  // namespace moai::bench
