#include "child.hpp"

#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <utility>

namespace moai::bench {

Child::Child(const std::vector<std::string>& arguments) {
    const char* binary = std::getenv("MOAI_BINARY");
    if (binary == nullptr) {
        throw std::runtime_error("MOAI_BINARY is not set: run this by bench/run");
    }
    std::vector<char*> argv{const_cast<char*>(binary)};
    for (const auto& argument : arguments) {
        argv.push_back(const_cast<char*>(argument.c_str()));
    }
    argv.push_back(nullptr);
    if (::posix_spawn(&pid_, binary, nullptr, nullptr, argv.data(), environ) != 0) {
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

long Child::resident_kib() const {
    std::ifstream status(fmt::format("/proc/{}/status", pid_));
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmRSS:")) {
            return std::strtol(line.c_str() + 6, nullptr, 10);
        }
    }
    throw std::runtime_error("moai is gone");
}

}  // namespace moai::bench
