// The built moai binary as a process of a test: its outputs, its signals, its exit code.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace moai::test {

/// Runs moai_binary() with an environment of its own (PATH, HOME=/nonexistent, MOAI_EGRESS_ALLOW for loopback
/// addresses, and what is given). Killed by the destructor, and by the kernel if the thread that made it ends. Methods
/// from one thread; throws std::system_error if it cannot be started.
class MoaiProcess {
public:
    static constexpr std::chrono::seconds kPatience{60};
    using Variables = std::map<std::string, std::string>;

    explicit MoaiProcess(std::vector<std::string> arguments, const Variables& variables = {},
                         const std::string& input = "");
    ~MoaiProcess();
    MoaiProcess(const MoaiProcess&) = delete;
    MoaiProcess& operator=(const MoaiProcess&) = delete;

    /// Waits until one of its outputs matches; the first group of the match (or the whole match if there is none).
    /// Throws std::runtime_error with both outputs when it ends or patience does.
    std::string await(const std::string& regex, std::chrono::milliseconds patience = kPatience);

    /// After SIGSTOP it returns when all of the process stands still.
    void send(int signal);
    /// The exit code, 128 + signal if one ended it. Throws std::runtime_error when patience ends.
    int wait(std::chrono::milliseconds patience = kPatience);

    [[nodiscard]] pid_t pid() const noexcept;
    [[nodiscard]] std::string out() const;
    [[nodiscard]] std::string err() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// A command run to its end.
struct Finished {
    int code = -1;
    std::string out, err;
};
[[nodiscard]] Finished run_moai(std::vector<std::string> arguments, const MoaiProcess::Variables& variables = {},
                                const std::string& input = "");

}  // namespace moai::test
