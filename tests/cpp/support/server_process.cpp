#include "support/server_process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>
#include <thread>

#include "base/unique_fd.hpp"

namespace moai::test {

namespace fs = std::filesystem;

const passwd* server_user() {
    if (::geteuid() != 0) {
        return nullptr;
    }
    // NOLINTNEXTLINE(concurrency-mt-unsafe): asked before a test starts threads
    const passwd* user = ::getpwnam("postgres");
    if (user == nullptr) {
        throw std::runtime_error("there is no user postgres to run servers as");
    }
    return user;
}

void become(const std::vector<std::string>& command, const fs::path& log, const passwd* user, bool die_with_parent) {
    const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    const int in = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::dup2(in, STDIN_FILENO);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(out, STDERR_FILENO);
    if (user != nullptr && (::initgroups(user->pw_name, user->pw_gid) != 0 || ::setgid(user->pw_gid) != 0 ||
                            ::setuid(user->pw_uid) != 0)) {
        ::_exit(126);
    }
    if (die_with_parent) {
        // After setuid(), which clears it. Immediate shutdown: nothing of the cluster will be used again.
        ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
    }
    // A terminal's Ctrl-C is for the test, which then stops the server.
    ::setpgid(0, 0);
    std::vector<char*> arguments;
    for (const std::string& argument : command) {
        arguments.push_back(const_cast<char*>(argument.c_str()));
    }
    arguments.push_back(nullptr);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
}

int free_port() {
    const base::UniqueFd probe(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(probe.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::getsockname(probe.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        throw std::runtime_error("no free port for a server");
    }
    return ntohs(address.sin_port);
}

std::optional<int> wait_for_exit(pid_t pid) {
    const auto deadline = std::chrono::steady_clock::now() + kServerPatience;
    for (;;) {
        int status = 0;
        if (::waitpid(pid, &status, WNOHANG) == pid) {
            return status;
        }
        if (std::chrono::steady_clock::now() > deadline) {
            return std::nullopt;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

}  // namespace moai::test
