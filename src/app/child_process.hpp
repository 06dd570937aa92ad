// Starts programs as another user where that is needed, without a shell.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "app/signals.hpp"
#include "base/unique_fd.hpp"

namespace moai::app {

/// Whom a program runs as.
struct User {
    std::string name;
    uid_t uid = 0;
    gid_t gid = 0;
};
/// The account of this name. Throws std::system_error if it cannot be looked up; nothing if there is none.
[[nodiscard]] std::optional<User> find_user(const std::string& name);

struct Program {
    std::string path;                    ///< absolute
    std::vector<std::string> arguments;  ///< without the program's name
    std::optional<User> user{};          ///< unset: as this process
    std::optional<int> death_signal{};  ///< sent to the program when the thread that started it ends, by whatever cause
    bool own_session = false;           ///< away from the terminal: its Ctrl-C does not reach the program
};

/// A running program. Not thread-safe. Destroying it neither stops nor waits for the program.
class ChildProcess {
public:
    /// Starts the program with both outputs going to `output_fd` and no input. Throws std::system_error, also when exec
    /// fails.
    ChildProcess(const Program& program, int output_fd);

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    /// Readable once the program has ended.
    [[nodiscard]] int descriptor() const noexcept { return pid_fd_.get(); }
    void send(int signal) const;
    /// Also to what the program has started. Requires own_session.
    void send_to_group(int signal) const;
    /// The wait status if the program ends within `timeout`. May be asked again.
    [[nodiscard]] std::optional<int> wait(std::chrono::milliseconds timeout);

private:
    pid_t pid_ = -1;
    base::UniqueFd pid_fd_;
    std::optional<int> status_;
};

/// What a program that ran to its end said.
struct Completed {
    int exit_code = -1;  ///< 128 + signal if a signal ended it
    std::string output;  ///< both outputs
};
/// Runs a program to its end. Throws std::system_error if it cannot be started.
[[nodiscard]] Completed run_program(const Program& program);
/// The same for a program with own_session; nothing when a stop signal came first: it and all that it had started was
/// then ended by SIGTERM, after 10 s by SIGKILL.
[[nodiscard]] std::optional<Completed> run_program(const Program& program, StopSignals& signals);

}  // namespace moai::app
