#include "app/embedded_postgres.hpp"

#include <fmt/format.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <system_error>

#include "app/server_log.hpp"
#include "app/socket_dir.hpp"
#include "base/backoff.hpp"
#include "config/exit_code.hpp"
#include "log/log.hpp"
#include "pg/connection.hpp"

namespace moai::app {
namespace {

namespace fs = std::filesystem;
using config::ExitCode;
using config::Failure;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kFastShutdown =
    seconds(60);  // a shutdown checkpoint of a fresh schema writes thousands of files
constexpr milliseconds kImmediateShutdown = seconds(10);
constexpr milliseconds kLongestStart = std::chrono::minutes(5);  // a crash recovery may have much to replay

std::optional<User> server_user() {
    if (geteuid() != 0) {
        return std::nullopt;
    }
    auto user = find_user("postgres");
    if (!user) {
        throw Failure(ExitCode::embedded_postgres,
                      "moai runs as root, PostgreSQL cannot, and there is no user postgres",
                      "install the package postgresql, or run moai as an ordinary user");
    }
    return user;
}

std::optional<int> cluster_version(const DataDir& data_dir) {
    const auto text = read_file(data_dir.cluster() / "PG_VERSION");
    int version = 0;
    if (!text || std::from_chars(text->data(), text->data() + text->size(), version).ec != std::errc{}) {
        return std::nullopt;
    }
    return version;
}

/// The server that postmaster.pid names, if that process is alive and works in this cluster.
pid_t leftover_server(const fs::path& cluster) {
    const auto text = read_file(cluster / "postmaster.pid");
    pid_t pid = 0;
    if (!text || std::from_chars(text->data(), text->data() + text->size(), pid).ec != std::errc{} || pid <= 1) {
        return 0;
    }
    // A process id may have been given to somebody else since: only a process that has the cluster as its folder is
    // ours.
    std::error_code error;
    const fs::path works_in = fs::read_symlink(fmt::format("/proc/{}/cwd", pid), error);
    return !error && works_in == fs::weakly_canonical(cluster) ? pid : 0;
}

Failure interrupted(const StopSignals& signals, std::string_view doing) {
    return {ExitCode::embedded_postgres, fmt::format("{} while {}", signals.last(), doing)};
}

}  // namespace

EmbeddedPostgres::EmbeddedPostgres(DataDir data_dir, StopSignals& signals)
    : signals_(signals),
      data_dir_(std::move(data_dir)),
      lock_(lock_data_dir(data_dir_)),
      user_(server_user()),
      binaries_(find_postgres(cluster_version(data_dir_))),
      socket_dir_(private_socket_dir(data_dir_.socket_record(), user_)) {
    if (!cluster_version(data_dir_)) {
        make_cluster();
    }
    end_leftover_server();
    start_server();
    try {
        wait_until_ready();
        make_database();
    } catch (const std::exception&) {
        stop();
        throw;
    }
    log::info("embedded PostgreSQL ready", {{"version", binaries_.major_version},
                                            {"data_dir", data_dir_.path().string()},
                                            {"socket_dir", socket_dir_.string()}});
}

EmbeddedPostgres::~EmbeddedPostgres() {
    try {
        stop();
    } catch (const std::exception& error) {
        log::error("embedded PostgreSQL did not stop", {{"error", error.what()}});
    }
}

void EmbeddedPostgres::make_cluster() {
    log::info("making a PostgreSQL cluster",
              {{"folder", data_dir_.cluster().string()}, {"version", binaries_.major_version}});
    // Made beside its place and then renamed: a moai that is killed meanwhile leaves no half cluster.
    const fs::path unfinished = data_dir_.cluster().string() + ".unfinished";
    fs::remove_all(unfinished);
    fs::create_directory(unfinished);
    fs::permissions(unfinished, fs::perms::owner_all);
    if (user_ && chown(unfinished.c_str(), user_->uid, user_->gid) != 0) {
        throw std::system_error(errno, std::generic_category(), "chown " + unfinished.string());
    }
    const auto initdb = run_program(
        {.path = binaries_.folder + "/initdb",
         .arguments = {"--pgdata=" + unfinished.string(), "--encoding=UTF8", "--locale=C.UTF-8", "--username=postgres",
                       "--auth-local=trust", "--auth-host=reject", "--data-checksums", "--no-instructions"},
         .user = user_,
         .death_signal = SIGTERM,
         .own_session = true},
        signals_);
    if (!initdb) {
        throw interrupted(signals_, "making a PostgreSQL cluster");
    }
    if (initdb->exit_code != 0) {
        throw Failure(ExitCode::embedded_postgres,
                      fmt::format("initdb failed with exit code {}:\n{}", initdb->exit_code, initdb->output),
                      user_ ? fmt::format("the user postgres must be able to reach {} (choose another --data-dir?)",
                                          data_dir_.path().string())
                            : "");
    }
    fs::rename(unfinished, data_dir_.cluster());
}

void EmbeddedPostgres::end_leftover_server() {
    const pid_t pid = leftover_server(data_dir_.cluster());
    if (pid == 0) {
        return;
    }
    const base::UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
    if (!process) {
        return;  // it has ended since
    }
    log::warning("waiting for the PostgreSQL of an earlier moai to stop", {{"pid", pid}});
    // Its start options (the socket's folder) may be old ones, so it is not taken over. SIGINT again does no harm.
    static_cast<void>(kill(pid, SIGINT));
    for (const auto& [patience, next_signal] : {std::pair{kFastShutdown, SIGQUIT}, std::pair{kImmediateShutdown, 0}}) {
        switch (signals_.wait(patience, {process.get()})) {
            case StopSignals::Woken::descriptor: return;
            case StopSignals::Woken::signal:
                throw interrupted(signals_, "the PostgreSQL of an earlier moai was stopping");
            case StopSignals::Woken::timeout: static_cast<void>(kill(pid, next_signal));
        }
    }
    throw Failure(ExitCode::embedded_postgres,
                  fmt::format("the PostgreSQL of an earlier moai (process {}) does not stop", pid));
}

void EmbeddedPostgres::start_server() {
    keep_server_log_small(data_dir_.log());
    const base::UniqueFd log = open_server_log(data_dir_.log());
    const auto setting = [](const std::string& text) { return std::array<std::string, 2>{"-c", text}; };
    Program postgres{.path = binaries_.folder + "/postgres",
                     .arguments = {"-D", data_dir_.cluster().string()},
                     .user = user_,
                     .death_signal = SIGINT,
                     // Ctrl-C must reach moai only, which drains first.
                     .own_session = true};
    for (const auto& option :
         {setting("listen_addresses="), setting("port=5432"),
          setting("unix_socket_directories=" + socket_dir_.string()), setting("unix_socket_permissions=0700"),
          setting("logging_collector=off"), setting("log_destination=stderr")}) {
        postgres.arguments.insert(postgres.arguments.end(), option.begin(), option.end());
    }
    server_ = std::make_unique<ChildProcess>(postgres, log.get());
}

void EmbeddedPostgres::wait_until_ready() {
    const std::string as_superuser =
        fmt::format("host={} port=5432 user=postgres dbname=postgres", socket_dir_.string());
    const auto deadline = std::chrono::steady_clock::now() + kLongestStart;
    base::Backoff backoff(milliseconds(10), milliseconds(500));
    for (;;) {
        std::string why;
        try {
            const pg::Connection connection(as_superuser, "moai");
            return;
        } catch (const pg::Error& error) {
            why = error.what();
        }
        const auto pause = std::chrono::ceil<milliseconds>(backoff.next());
        switch (signals_.wait(pause, {server_->descriptor()})) {
            case StopSignals::Woken::signal: throw interrupted(signals_, "the embedded PostgreSQL started");
            case StopSignals::Woken::descriptor:
                throw Failure(ExitCode::embedded_postgres,
                              fmt::format("the embedded PostgreSQL did not start; its last words:\n{}",
                                          last_lines(data_dir_.log())),
                              fmt::format("the whole log: {}", data_dir_.log().string()));
            case StopSignals::Woken::timeout: break;
        }
        if (std::chrono::steady_clock::now() > deadline) {
            throw Failure(ExitCode::embedded_postgres, fmt::format("the embedded PostgreSQL does not answer: {}", why),
                          fmt::format("its log: {}", data_dir_.log().string()));
        }
    }
}

void EmbeddedPostgres::make_database() const {
    pg::Connection superuser(fmt::format("host={} port=5432 user=postgres dbname=postgres", socket_dir_.string()),
                             "moai");
    if (superuser.query("SELECT FROM pg_catalog.pg_roles WHERE rolname = 'moai'").rows() == 0) {
        superuser.query("CREATE ROLE moai LOGIN CREATEROLE");
    }
    if (superuser.query("SELECT FROM pg_catalog.pg_database WHERE datname = 'moai'").rows() == 0) {
        superuser.query("CREATE DATABASE moai OWNER moai");
    }
}

void EmbeddedPostgres::keep_log_small() const {
    try {
        keep_server_log_small(data_dir_.log());
    } catch (const fs::filesystem_error& error) {
        log::warning("the log of the embedded PostgreSQL cannot be shortened", {{"error", error.what()}});
    }
}

void EmbeddedPostgres::stop() {
    if (!server_ || server_->wait(milliseconds(0))) {
        return;
    }
    log::info("embedded PostgreSQL stopping");
    server_->send(SIGINT);
    if (signals_.wait(kFastShutdown, {server_->descriptor()}) != StopSignals::Woken::descriptor && !stop_at_once()) {
        throw Failure(ExitCode::embedded_postgres,
                      fmt::format("the embedded PostgreSQL (process {}) does not stop", server_->pid()));
    }
    static_cast<void>(server_->wait(milliseconds(0)));
    remove_socket_dir();
    log::info("embedded PostgreSQL stopped");
}

bool EmbeddedPostgres::stop_at_once() {
    if (!server_ || server_->wait(milliseconds(0))) {
        return true;
    }
    log::warning("embedded PostgreSQL is stopped at once, its next start repairs it", {{"pid", server_->pid()}});
    server_->send(SIGQUIT);
    return signals_.wait(kImmediateShutdown, {server_->descriptor()}) == StopSignals::Woken::descriptor;
}

// Only after a stop: what a killed moai left is taken again by the next one.
void EmbeddedPostgres::remove_socket_dir() const {
    std::error_code not_empty;
    fs::remove(socket_dir_, not_empty);
    if (!not_empty) {
        fs::remove(data_dir_.socket_record(), not_empty);
    }
}

}  // namespace moai::app
