#include "app/data_dir.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>
#include <system_error>

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

}  // namespace

DataDir::DataDir(const std::string& configured)
    : path_(configured.empty() ? default_path() : fs::absolute(configured)) {}

base::UniqueFd lock_data_dir(const DataDir& data_dir) {
    std::error_code error;
    fs::create_directories(data_dir.path(), error);
    base::UniqueFd lock(error ? -1 : open(data_dir.lock().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    if (!lock) {
        throw Failure(ExitCode::embedded_postgres,
                      fmt::format("--data-dir: cannot use {}: {}", data_dir.path().string(),
                                  error ? error.message() : std::generic_category().message(errno)));
    }
    if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
        const std::string holder = read_file(data_dir.lock()).value_or("");
        throw Failure(ExitCode::embedded_postgres,
                      fmt::format("the embedded PostgreSQL in {} is in use by another moai (process {})",
                                  data_dir.path().string(), holder.substr(0, holder.find('\n'))),
                      "stop that one, or give this one a --data-dir and a --listen of its own");
    }
    if (ftruncate(lock.get(), 0) != 0) {
        throw std::system_error(errno, std::generic_category(), "ftruncate " + data_dir.lock().string());
    }
    write_all(lock.get(), fmt::format("{}\n", getpid()), data_dir.lock());
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
    std::error_code error;
    if (!fs::exists(socket_dir / ".s.PGSQL.5432", error)) {
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
