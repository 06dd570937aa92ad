#include "app/child_process.hpp"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

namespace moai::app {
namespace {

[[noreturn]] void fail(int error, const std::string& what) {
    throw std::system_error(error, std::generic_category(), what);
}

// Everything the child needs, prepared before fork(): after it only async-signal-safe calls are allowed.
struct Prepared {
    std::vector<char*> arguments;
    const Program* program;
    int output_fd;
    int error_fd;  // errno goes here if exec is not reached
    pid_t parent;
};

bool become(const Prepared& prepared) {
    const Program& program = *prepared.program;
    sigset_t none;
    sigemptyset(&none);
    if (pthread_sigmask(SIG_SETMASK, &none, nullptr) != 0 || std::signal(SIGPIPE, SIG_DFL) == SIG_ERR) {
        return false;
    }
    if (program.own_session && setsid() < 0) {
        return false;
    }
    if (program.user &&
        (setgroups(1, &program.user->gid) != 0 || setgid(program.user->gid) != 0 || setuid(program.user->uid) != 0)) {
        return false;
    }
    // After setuid(), which clears it.
    if (program.death_signal) {
        if (prctl(PR_SET_PDEATHSIG, *program.death_signal) != 0) {
            return false;
        }
        if (getppid() != prepared.parent) {
            errno = ESRCH;
            return false;
        }
    }
    const int nothing = open("/dev/null", O_RDONLY);
    return nothing >= 0 && dup2(nothing, 0) >= 0 && dup2(prepared.output_fd, 1) >= 0 &&
           dup2(prepared.output_fd, 2) >= 0 && chdir("/") == 0;
}

[[noreturn]] void child(const Prepared& prepared) {
    if (become(prepared)) {
        execv(prepared.program->path.c_str(), prepared.arguments.data());
    }
    const int error = errno;
    static_cast<void>(!write(prepared.error_fd, &error, sizeof error));
    _exit(127);
}

}  // namespace

std::optional<User> find_user(const std::string& name) {
    errno = 0;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): asked once, by main before it starts threads
    const passwd* entry = getpwnam(name.c_str());
    if (entry == nullptr) {
        if (errno != 0 && errno != ENOENT) {
            fail(errno, "getpwnam " + name);
        }
        return std::nullopt;
    }
    return User{name, entry->pw_uid, entry->pw_gid};
}

ChildProcess::ChildProcess(const Program& program, int output_fd) {
    Prepared prepared{{}, &program, output_fd, -1, getpid()};
    prepared.arguments.push_back(const_cast<char*>(program.path.c_str()));
    for (const std::string& argument : program.arguments) {
        prepared.arguments.push_back(const_cast<char*>(argument.c_str()));
    }
    prepared.arguments.push_back(nullptr);
    std::array<int, 2> pipe_fds{};
    if (pipe2(pipe_fds.data(), O_CLOEXEC) != 0) {
        fail(errno, "pipe");
    }
    const base::UniqueFd error_read(pipe_fds[0]);
    base::UniqueFd error_write(pipe_fds[1]);
    prepared.error_fd = error_write.get();

    pid_ = fork();
    if (pid_ < 0) {
        fail(errno, "fork");
    }
    if (pid_ == 0) {
        child(prepared);
    }
    error_write.reset();
    int error = 0;
    if (read(error_read.get(), &error, sizeof error) == static_cast<ssize_t>(sizeof error)) {
        waitpid(pid_, nullptr, 0);
        fail(error, "cannot start " + program.path);
    }
    pid_fd_.reset(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
    if (!pid_fd_) {
        fail(errno, "pidfd_open");
    }
}

void ChildProcess::send(int signal) const {
    if (!status_ && kill(pid_, signal) != 0 && errno != ESRCH) {
        fail(errno, "kill");
    }
}

void ChildProcess::send_to_group(int signal) const {
    if (!status_ && kill(-pid_, signal) != 0 && errno != ESRCH) {
        fail(errno, "kill");
    }
}

std::optional<int> ChildProcess::wait(std::chrono::milliseconds timeout) {
    if (status_) {
        return status_;
    }
    pollfd watched{pid_fd_.get(), POLLIN, 0};
    if (poll(&watched, 1, static_cast<int>(timeout.count())) > 0) {
        int status = 0;
        if (waitpid(pid_, &status, 0) < 0) {
            fail(errno, "waitpid");
        }
        status_ = status;
    }
    return status_;
}

namespace {

struct OutputPipe {
    base::UniqueFd read_end, write_end;
};

OutputPipe make_pipe() {
    std::array<int, 2> fds{};
    if (pipe2(fds.data(), O_CLOEXEC) != 0) {
        fail(errno, "pipe");
    }
    return {base::UniqueFd(fds[0]), base::UniqueFd(fds[1])};
}

/// Appends what the pipe holds, waiting for it; false at its end.
bool read_some(int fd, std::string& output) {
    std::array<char, 4096> buffer{};
    const ssize_t got = read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno != EINTR) {
        fail(errno, "read");
    }
    output.append(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    return got != 0;
}

Completed ended(ChildProcess& program, std::string output) {
    const int status = program.wait(std::chrono::milliseconds(-1)).value();
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), std::move(output)};
}

}  // namespace

Completed run_program(const Program& program) {
    OutputPipe pipe = make_pipe();
    ChildProcess running(program, pipe.write_end.get());
    pipe.write_end.reset();
    std::string output;
    while (read_some(pipe.read_end.get(), output)) {
    }
    return ended(running, std::move(output));
}

std::optional<Completed> run_program(const Program& program, StopSignals& signals) {
    OutputPipe pipe = make_pipe();
    ChildProcess running(program, pipe.write_end.get());
    pipe.write_end.reset();
    std::string output;
    do {
        if (signals.wait(std::nullopt, {pipe.read_end.get()}) == StopSignals::Woken::signal) {
            running.send_to_group(SIGTERM);
            if (!running.wait(std::chrono::seconds(10))) {
                running.send_to_group(SIGKILL);
            }
            return std::nullopt;
        }
    } while (read_some(pipe.read_end.get(), output));
    return ended(running, std::move(output));
}

}  // namespace moai::app
