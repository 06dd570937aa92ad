#include "app/data_dir.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>
#include <system_error>

#include "app/child_process.hpp"
#include "app/socket_dir.hpp"
#include "config/exit_code.hpp"
#include "config/resolve.hpp"

namespace moai::app {
namespace {

namespace fs = std::filesystem;
using config::ExitCode;
using config::Failure;

std::string variable(const char* name) { return config::process_environment(name).value_or(""); }

fs::path default_path() {
    if (geteuid() == 0) {
        return "/var/lib/moai";
    }
    if (const std::string data_home = variable("XDG_DATA_HOME"); data_home.starts_with('/')) {
        return fs::path(data_home) / "moai";
    }
    if (const std::string home = variable("HOME"); home.starts_with('/')) {
        return fs::path(home) / ".local/share/moai";
    }
    throw Failure(ExitCode::configuration, "there is no home directory to keep the embedded PostgreSQL in",
                  "give --data-dir DIR, or name a database with --database-url");
}

void write_all(int fd, const std::string& text, const fs::path& file) {
    std::size_t done = 0;
    while (done < text.size()) {
        const ssize_t wrote = ::write(fd, text.data() + done, text.size() - done);
        if (wrote < 0 && errno != EINTR) {
            throw std::system_error(errno, std::generic_category(), "write " + file.string());
        }
        done += static_cast<std::size_t>(std::max<ssize_t>(wrote, 0));
    }
}

bool is_locked(const fs::path& file) {
    const base::UniqueFd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC));
    return fd && flock(fd.get(), LOCK_SH | LOCK_NB) != 0;
}

/// Whom the server runs as, by who wrote the record: PostgreSQL refuses to run as root, and moai chose postgres then.
std::optional<uid_t> server_owner(const fs::path& record) {
    struct stat status {};
    if (stat(record.c_str(), &status) != 0) {
        return std::nullopt;
    }
    if (status.st_uid != 0) {
        return status.st_uid;
    }
    const auto postgres = find_user("postgres");
    return postgres ? std::optional(postgres->uid) : std::nullopt;
}

}  // namespace

DataDir::DataDir(const std::string& configured)
    : path_(configured.empty() ? default_path() : fs::absolute(configured)) {}

base::UniqueFd lock_data_dir(const DataDir& data_dir) {
    std::optional<base::UniqueFd> lock;
    try {
        fs::create_directories(data_dir.path());
        lock = try_lock(data_dir.lock());
    } catch (const std::system_error& error) {
        throw Failure(ExitCode::embedded_postgres,
                      fmt::format("--data-dir: cannot use {}: {}", data_dir.path().string(), error.code().message()));
    }
    if (!lock) {
        const std::string holder = read_file(data_dir.lock()).value_or("");
        throw Failure(ExitCode::embedded_postgres,
                      fmt::format("the embedded PostgreSQL in {} is in use by another moai (process {})",
                                  data_dir.path().string(), holder.substr(0, holder.find('\n'))),
                      "stop that one, or give this one a --data-dir and a --listen of its own");
    }
    if (ftruncate(lock->get(), 0) != 0) {
        throw std::system_error(errno, std::generic_category(), "ftruncate " + data_dir.lock().string());
    }
    write_all(lock->get(), fmt::format("{}\n", getpid()), data_dir.lock());
    return std::move(*lock);
}

std::optional<base::UniqueFd> try_lock(const fs::path& file) {
    base::UniqueFd lock(open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    if (!lock) {
        throw std::system_error(errno, std::generic_category(), "open " + file.string());
    }
    // is_locked() holds a shared lock for an instant, which must not look like somebody who uses the folder.
    while (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
        if (flock(lock.get(), LOCK_SH | LOCK_NB) != 0) {
            return std::nullopt;
        }
        sched_yield();
    }
    return lock;
}

std::string embedded_database_url(const fs::path& socket_dir) {
    // The port is named so that PGPORT in somebody's environment does not matter; no TCP port is opened.
    return fmt::format("host={} port=5432 user=moai dbname=moai", socket_dir.string());
}

std::optional<std::string> running_embedded_database(const DataDir& data_dir) {
    const auto record = read_file(data_dir.socket_record());
    if (!record) {
        return std::nullopt;
    }
    const fs::path socket_dir = record->substr(0, record->find('\n'));
    const auto owner = server_owner(data_dir.socket_record());
    std::error_code error;
    if (!owner || !private_to(socket_dir, *owner) || !is_locked(data_dir.lock()) ||
        !fs::exists(socket_dir / ".s.PGSQL.5432", error)) {
        return std::nullopt;
    }
    return embedded_database_url(socket_dir);
}

std::optional<std::string> read_file(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) {
        return std::nullopt;
    }
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

void write_private_file(const fs::path& file, const std::string& text) {
    const fs::path beside = file.string() + ".new";
    base::UniqueFd fd(open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!fd) {
        throw std::system_error(errno, std::generic_category(), "open " + beside.string());
    }
    write_all(fd.get(), text, beside);
    if (fsync(fd.get()) != 0) {
        throw std::system_error(errno, std::generic_category(), "fsync " + beside.string());
    }
    fd.reset();
    fs::rename(beside, file);
}

}  // namespace moai::app
