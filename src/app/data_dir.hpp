// The folder of --data-dir: where the embedded PostgreSQL and what moai must remember live.
//
//   lock        held while a `moai run` uses the folder; holds its process id
//   pgdata/     the cluster
//   postgres.log
//   socket-dir  the path of the private folder with PostgreSQL's socket
//   demo.json   the demo's subscription and secret
//   demo.lock   held while a `moai run --demo` uses the folder
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/unique_fd.hpp"

namespace moai::app {

/// Paths inside one data folder. Immutable; touches no file.
class DataDir {
public:
    /// `configured` is the value of --data-dir; empty: /var/lib/moai as root, else $XDG_DATA_HOME/moai or
    /// ~/.local/share/moai. Throws Failure(configuration) when there is neither a value nor a home.
    explicit DataDir(const std::string& configured);

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
    [[nodiscard]] std::filesystem::path cluster() const { return path_ / "pgdata"; }
    [[nodiscard]] std::filesystem::path log() const { return path_ / "postgres.log"; }
    [[nodiscard]] std::filesystem::path lock() const { return path_ / "lock"; }
    [[nodiscard]] std::filesystem::path socket_record() const { return path_ / "socket-dir"; }
    [[nodiscard]] std::filesystem::path demo_lock() const { return path_ / "demo.lock"; }
    [[nodiscard]] std::filesystem::path demo_record() const { return path_ / "demo.json"; }

private:
    std::filesystem::path path_;
};

/// Makes the folder if need be and takes its lock for the life of the result.
/// Throws Failure(embedded_postgres) when another moai holds it or the folder cannot be made.
[[nodiscard]] base::UniqueFd lock_data_dir(const DataDir& data_dir);

/// How to reach the embedded database whose socket is in `socket_dir`, as the ordinary login moai.
[[nodiscard]] std::string embedded_database_url(const std::filesystem::path& socket_dir);

/// Takes the lock of `file`, making it if need be, for the life of the result; nothing if another process holds it.
/// Throws std::system_error if the file cannot be made.
[[nodiscard]] std::optional<base::UniqueFd> try_lock(const std::filesystem::path& file);

/// The URL of the embedded database if a `moai run` holds the folder's lock and its PostgreSQL's socket lies in a
/// folder that nobody but its user could have made; nothing otherwise.
[[nodiscard]] std::optional<std::string> running_embedded_database(const DataDir& data_dir);

/// The whole text of a small file, nothing if it cannot be read.
[[nodiscard]] std::optional<std::string> read_file(const std::filesystem::path& file);
/// Replaces a file's text in one step (written beside it, then renamed), readable by its owner only.
void write_private_file(const std::filesystem::path& file, const std::string& text);

}  // namespace moai::app
