#include "support/moai_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <regex>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "base/unique_fd.hpp"

#include "support/paths.hpp"

namespace moai::test {
namespace {

struct Pipe {
    base::UniqueFd read_end, write_end;
};

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

Pipe make_pipe() {
    std::array<int, 2> fds{};
    if (pipe2(fds.data(), O_CLOEXEC) != 0) {
        fail("pipe");
    }
    return {base::UniqueFd(fds[0]), base::UniqueFd(fds[1])};
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (std::string& text : texts) {
        result.push_back(text.data());
    }
    result.push_back(nullptr);
    return result;
}

}  // namespace

struct MoaiProcess::Impl {
    pid_t pid = -1;
    base::UniqueFd pid_fd;
    base::UniqueFd out_pipe, err_pipe;
    mutable std::mutex mutex;
    std::condition_variable changed;
    std::string out, err;
    int open_outputs = 2;
    std::optional<int> code;
    std::thread out_reader, err_reader;

    void read_all(const base::UniqueFd& from, std::string& into) {
        std::array<char, 4096> buffer{};
        for (ssize_t got = 0;
             (got = read(from.get(), buffer.data(), buffer.size())) > 0 || (got < 0 && errno == EINTR);) {
            const std::lock_guard lock(mutex);
            into.append(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
            changed.notify_all();
        }
        const std::lock_guard lock(mutex);
        --open_outputs;
        changed.notify_all();
    }

    [[nodiscard]] std::string said() const { return "\n--- out\n" + out + "\n--- err\n" + err; }
};

MoaiProcess::MoaiProcess(std::vector<std::string> arguments, const Variables& variables, const std::string& input)
    : impl_(std::make_unique<Impl>()) {
    arguments.insert(arguments.begin(), moai_binary());
    const char* path = std::getenv("PATH");
    std::vector<std::string> environment{"PATH=" + std::string(path == nullptr ? "/usr/bin:/bin" : path),
                                         "HOME=/nonexistent"};
    // Receivers of tests are on this machine.
    if (!variables.contains("MOAI_EGRESS_ALLOW")) {
        environment.emplace_back("MOAI_EGRESS_ALLOW=127.0.0.0/8,::1");
    }
    for (const auto& [name, value] : variables) {
        environment.push_back(name + "=" + value);
    }
    const auto argv = pointers(arguments);
    const auto envp = pointers(environment);
    Pipe in = make_pipe();
    Pipe out = make_pipe();
    Pipe err = make_pipe();
    const pid_t parent = getpid();

    impl_->pid = fork();
    if (impl_->pid < 0) {
        fail("fork");
    }
    if (impl_->pid == 0) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent && dup2(in.read_end.get(), 0) >= 0 &&
            dup2(out.write_end.get(), 1) >= 0 && dup2(err.write_end.get(), 2) >= 0) {
            execve(argv[0], argv.data(), envp.data());
        }
        _exit(127);
    }
    impl_->pid_fd.reset(static_cast<int>(syscall(SYS_pidfd_open, impl_->pid, 0)));
    if (!impl_->pid_fd || write(in.write_end.get(), input.data(), input.size()) != static_cast<ssize_t>(input.size())) {
        fail("start moai");
    }
    impl_->out_pipe = std::move(out.read_end);
    impl_->err_pipe = std::move(err.read_end);
    impl_->out_reader = std::thread([impl = impl_.get()] { impl->read_all(impl->out_pipe, impl->out); });
    impl_->err_reader = std::thread([impl = impl_.get()] { impl->read_all(impl->err_pipe, impl->err); });
}

MoaiProcess::~MoaiProcess() {
    if (!impl_->code) {
        kill(impl_->pid, SIGKILL);
        waitpid(impl_->pid, nullptr, 0);
    }
    impl_->out_reader.join();
    impl_->err_reader.join();
}

std::string MoaiProcess::await(const std::string& regex, std::chrono::milliseconds patience) {
    const std::regex pattern(regex);
    std::unique_lock lock(impl_->mutex);
    std::smatch match;
    const auto matches = [&] {
        return std::regex_search(impl_->out, match, pattern) || std::regex_search(impl_->err, match, pattern);
    };
    const auto over = [&] { return matches() || impl_->open_outputs == 0; };
    if (!impl_->changed.wait_for(lock, patience, over) || match.empty()) {
        throw std::runtime_error("moai did not say " + regex + impl_->said());
    }
    return match.size() > 1 ? match[1].str() : match[0].str();
}

void MoaiProcess::send(int signal) {
    if (kill(impl_->pid, signal) != 0) {
        fail("kill");
    }
    if (signal == SIGSTOP) {
        // On a busy machine its other threads run on until one of them has taken the signal.
        siginfo_t state{};
        if (waitid(P_PID, static_cast<id_t>(impl_->pid), &state, WSTOPPED | WEXITED | WNOWAIT) != 0) {
            fail("waitid");
        }
        if (state.si_code != CLD_STOPPED) {
            throw std::runtime_error("it has ended, and cannot be stopped");
        }
    }
}

int MoaiProcess::wait(std::chrono::milliseconds patience) {
    if (!impl_->code) {
        pollfd watched{impl_->pid_fd.get(), POLLIN, 0};
        if (poll(&watched, 1, static_cast<int>(patience.count())) != 1) {
            const std::lock_guard lock(impl_->mutex);
            throw std::runtime_error("moai did not end" + impl_->said());
        }
        int status = 0;
        if (waitpid(impl_->pid, &status, 0) < 0) {
            fail("waitpid");
        }
        impl_->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        std::unique_lock lock(impl_->mutex);
        impl_->changed.wait_for(lock, patience, [&] { return impl_->open_outputs == 0; });
    }
    return *impl_->code;
}

pid_t MoaiProcess::pid() const noexcept { return impl_->pid; }

std::string MoaiProcess::out() const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->out;
}

std::string MoaiProcess::err() const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->err;
}

Finished run_moai(std::vector<std::string> arguments, const MoaiProcess::Variables& variables,
                  const std::string& input) {
    MoaiProcess process(std::move(arguments), variables, input);
    const int code = process.wait();
    return {code, process.out(), process.err()};
}

}  // namespace moai::test
