// TestCluster by initdb and the postgres program itself: as its parent we have its pid, and it has our death signal.
#include "support/test_cluster.hpp"

#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "pg/connection.hpp"
#include "support/server_process.hpp"

namespace moai::test {
namespace {

namespace fs = std::filesystem;

}  // namespace

TestCluster::TestCluster() : TestCluster(Options{}) {}

TestCluster::TestCluster(Options options) : options_(std::move(options)) {
    char pattern[] = "/tmp/moai-test-XXXXXX";
    if (::mkdtemp(pattern) == nullptr) {
        throw std::runtime_error("no folder for the test cluster below /tmp");
    }
    folder_ = pattern;
    try {
        if (const passwd* user = server_user(); user != nullptr && ::chown(pattern, user->pw_uid, user->pw_gid) != 0) {
            throw std::runtime_error("cannot hand the test cluster's folder to postgres");
        }
        if (options_.tcp) {
            port_ = free_port();
        }
        initdb();
        start();
    } catch (const std::exception&) {
        remove_folder();
        throw;
    }
}

TestCluster::~TestCluster() {
    if (postmaster_ > 0) {
        ::kill(postmaster_, SIGQUIT);
        if (!wait_for_exit(postmaster_)) {
            ::kill(postmaster_, SIGKILL);
            ::waitpid(postmaster_, nullptr, 0);
        }
    }
    remove_folder();
}

void TestCluster::remove_folder() noexcept {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
}

void TestCluster::initdb() const {
    const std::string locale = options_.encoding == "UTF8" ? "C.UTF-8" : "C";
    const std::vector<std::string> command{
        postgres_program("initdb"), "-D",       data(), "-U", "postgres", "-A", "trust", "-E", options_.encoding,
        "--locale=" + locale,       "--no-sync"};
    const passwd* user = server_user();
    const pid_t child = ::fork();
    if (child == 0) {
        become(command, log_path(), user, false);
    }
    const auto status = wait_for_exit(child);
    if (!status || *status != 0) {
        throw std::runtime_error("initdb failed:\n" + server_log());
    }
}

void TestCluster::launch() {
    std::vector<std::string> settings{
        "listen_addresses=" + std::string(options_.tcp ? "127.0.0.1" : ""),
        "unix_socket_directories=" + folder_.string(),
        "port=" + std::to_string(port_),
        "max_connections=200",
        "shared_buffers=64MB",
        "max_wal_size=2GB",
        "shared_preload_libraries=pg_stat_statements",
        "log_min_messages=warning",
        "log_line_prefix=%m [%p] %a ",
        "logging_collector=off",
        "timezone=UTC",
    };
    if (!options_.durable) {
        settings.insert(settings.end(), {"fsync=off", "full_page_writes=off", "synchronous_commit=off"});
    }
    settings.insert(settings.end(), options_.settings.begin(), options_.settings.end());
    std::vector<std::string> command{postgres_program("postgres"), "-D", data()};
    for (const std::string& setting : settings) {
        command.insert(command.end(), {"-c", setting});
    }
    const passwd* user = server_user();
    postmaster_ = ::fork();
    if (postmaster_ == 0) {
        become(command, log_path(), user, true);
    }
}

void TestCluster::start() {
    launch();
    const auto deadline = std::chrono::steady_clock::now() + kServerPatience;
    for (;;) {
        std::string reason;
        try {
            const pg::Connection probe(url(), "test cluster");
            return;
        } catch (const pg::Error& error) {
            reason = error.what();
        }
        int status = 0;
        const bool gone = ::waitpid(postmaster_, &status, WNOHANG) == postmaster_;
        if (gone) {
            postmaster_ = -1;
        }
        if (gone || std::chrono::steady_clock::now() > deadline) {
            throw std::runtime_error("the test cluster does not start (" + reason + "):\n" + server_log());
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
}

void TestCluster::stop(StopMode mode) {
    if (postmaster_ <= 0) {
        throw std::runtime_error("the test cluster does not run");
    }
    ::kill(postmaster_, mode == StopMode::fast ? SIGINT : SIGQUIT);
    if (!wait_for_exit(postmaster_)) {
        throw std::runtime_error("the test cluster does not stop:\n" + server_log());
    }
    postmaster_ = -1;
}

void TestCluster::restart(StopMode mode) {
    stop(mode);
    start();
}

std::string TestCluster::url(const std::string& database) const { return url(database, "postgres"); }

std::string TestCluster::url(const std::string& database, const std::string& user) const {
    return "postgresql://" + user + "@/" + database + "?host=" + folder_.string() + "&port=" + std::to_string(port_);
}

std::string TestCluster::tcp_url(const std::string& database, const std::string& user) const {
    return "postgresql://" + user + "@127.0.0.1:" + std::to_string(port_) + "/" + database;
}

int TestCluster::terminate_backends(const std::string& application_name) const {
    pg::Connection admin(url(), "test cluster");
    // By the timeout form, which returns when the backend is gone.
    return admin
        .query(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = $1 AND pid <> "
            "pg_backend_pid()",
            {application_name})
        .rows();
}

std::string TestCluster::server_log() const {
    std::ifstream file(log_path());
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

const std::string& shared_cluster_url() {
    static const std::string kGiven =
        std::getenv("MOAI_TEST_CLUSTER_URL") == nullptr ? "" : std::getenv("MOAI_TEST_CLUSTER_URL");
    if (!kGiven.empty()) {
        return kGiven;
    }
    static const TestCluster kOwn;
    static const std::string kUrl = kOwn.url();
    return kUrl;
}

std::string postgres_program(const std::string& name) {
    int newest = 0;
    std::string path = name;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", none)) {
        const int version = std::atoi(entry.path().filename().c_str());
        if (version > newest && fs::exists(entry.path() / "bin" / name)) {
            newest = version;
            path = entry.path() / "bin" / name;
        }
    }
    return path;
}

std::string with_database(const std::string& url, const std::string& database, const std::string& user) {
    const std::string scheme = "postgresql://";
    const std::size_t at = url.find('@');
    const std::size_t slash = url.find('/', at);
    if (!url.starts_with(scheme) || slash == std::string::npos) {
        throw std::runtime_error("a test cluster's URL looks like postgresql://user@host/database, not " + url);
    }
    const std::size_t query = std::min(url.find('?'), url.size());
    return scheme + user + url.substr(at, slash - at) + "/" + database + url.substr(query);
}

std::string url_parameter(const std::string& url, const std::string& name) {
    const auto begin = url.find(name + "=") + name.size() + 1;
    return url.substr(begin, url.find('&', begin) - begin);
}

}  // namespace moai::test
