#include "support/pgbouncer.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "pg/connection.hpp"
#include "support/server_process.hpp"
#include "support/test_cluster.hpp"

namespace moai::test {
PgBouncer::PgBouncer(const std::string& cluster_url) : port_(free_port()) {
    char pattern[] = "/tmp/moai-bouncer-XXXXXX";
    if (::mkdtemp(pattern) == nullptr) {
        throw std::runtime_error("no folder for PgBouncer below /tmp");
    }
    folder_ = pattern;
    const passwd* user = server_user();
    const auto config = folder_ / "pgbouncer.ini";
    std::ofstream(config) << "[databases]\n* = host=" << url_parameter(cluster_url, "host")
                          << " port=" << url_parameter(cluster_url, "port")
                          << "\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = " << port_
                          << "\nunix_socket_dir =\nauth_type = trust\npool_mode = transaction\ndefault_pool_size = 2\n"
                             "ignore_startup_parameters = extra_float_digits,options\nauth_file = "
                          << (folder_ / "users").string() << "\n";
    std::ofstream(folder_ / "users") << "\"postgres\" \"\"\n\"moai_test\" \"\"\n";
    if (user != nullptr && ::chown(pattern, user->pw_uid, user->pw_gid) != 0) {
        throw std::runtime_error("cannot hand PgBouncer's folder to postgres");
    }
    process_ = ::fork();
    if (process_ == 0) {
        become({"/usr/sbin/pgbouncer", config}, folder_ / "log", user, true);
    }
    const auto deadline = std::chrono::steady_clock::now() + kServerPatience;
    for (;;) {
        std::string reason;
        try {
            const pg::Connection probe(url("postgres", "postgres"), "pgbouncer probe");
            return;
        } catch (const pg::Error& error) {
            reason = error.what();
        }
        if (::waitpid(process_, nullptr, WNOHANG) == process_ || std::chrono::steady_clock::now() > deadline) {
            throw std::runtime_error("PgBouncer does not start (" + reason + "):\n" + log());
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
}

PgBouncer::~PgBouncer() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

std::string PgBouncer::url(const std::string& database, const std::string& user) const {
    return "postgresql://" + user + "@127.0.0.1:" + std::to_string(port_) + "/" + database;
}

std::string PgBouncer::log() const {
    std::ifstream file(folder_ / "log");
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

}  // namespace moai::test
