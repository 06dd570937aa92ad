#include "support/child.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <thread>
#include <utility>

#include "base/unique_fd.hpp"
#include "support/http_load.hpp"

namespace moai::bench {
namespace {

constexpr int kCannotMount = 126;

// Between fork and exec in a program with threads: system calls only.
[[noreturn]] void become(const char* binary, char* const* argv, const char* resolv_conf, pid_t parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) {
        ::_exit(127);
    }
    if (*resolv_conf != '\0' &&
        (::unshare(CLONE_NEWNS) != 0 || ::mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
         ::mount(resolv_conf, "/etc/resolv.conf", nullptr, MS_BIND, nullptr) != 0)) {
        ::_exit(kCannotMount);
    }
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    ::dup2(null, STDIN_FILENO);
    ::dup2(null, STDOUT_FILENO);
    ::execv(binary, argv);
    ::_exit(127);
}

int free_port() {
    const base::UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0 ||
        ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0) {
        throw std::runtime_error("no port for the API");
    }
    return ntohs(address.sin_port);
}

}  // namespace

Child::Child(const std::vector<std::string>& arguments, const std::string& resolv_conf) {
    const char* binary = std::getenv("MOAI_BINARY");
    if (binary == nullptr) {
        throw std::runtime_error("MOAI_BINARY is not set: run this by bench/run");
    }
    std::vector<char*> argv{const_cast<char*>(binary)};
    for (const auto& argument : arguments) {
        argv.push_back(const_cast<char*>(argument.c_str()));
    }
    for (const char* argument : {"--log-level", "warning"}) {
        argv.push_back(const_cast<char*>(argument));
    }
    argv.push_back(nullptr);
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ == 0) {
        become(binary, argv.data(), resolv_conf.c_str(), parent);
    }
    if (pid_ < 0) {
        throw std::runtime_error(fmt::format("cannot start {}", binary));
    }
}

Child::~Child() {
    if (pid_ > 0) {
        ::kill(pid_, SIGTERM);
        ::waitpid(pid_, nullptr, 0);
    }
}

void Child::wait() {
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        throw std::runtime_error("moai failed");
    }
}

void Child::kill() {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
        pid_ = -1;
        throw std::runtime_error(WIFEXITED(status) && WEXITSTATUS(status) == kCannotMount
                                     ? "not allowed to give moai a resolv.conf of its own"
                                     : "moai has ended by itself");
    }
    ::kill(pid_, SIGKILL);
    ::waitpid(std::exchange(pid_, -1), nullptr, 0);
}

long Child::resident_kib() const {
    std::ifstream status(fmt::format("/proc/{}/status", pid_));
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmRSS:")) {
            return std::strtol(line.c_str() + 6, nullptr, 10);
        }
    }
    throw std::runtime_error("moai is gone");
}

std::vector<std::string> worker_arguments(const std::string& database_url) {
    return {"work", "--database-url", database_url, "--drain-timeout", "1s"};
}

Api::Api(const std::string& database_url, const std::string& command)
    : port_(free_port()),
      child_({command, "--database-url", database_url, "--listen", fmt::format("127.0.0.1:{}", port_),
              "--drain-timeout", "1s"}) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!answers(port_, "/health/ready")) {
        if (std::chrono::steady_clock::now() > deadline) {
            throw std::runtime_error("the API did not become ready");
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
}

}  // namespace moai::bench
