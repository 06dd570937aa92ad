#include "app/postgres_binaries.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "app/child_process.hpp"
#include "config/exit_code.hpp"
#include "config/resolve.hpp"

namespace moai::app {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> path_folders() {
    std::vector<fs::path> folders;
    const std::string all = config::process_environment("PATH").value_or("/usr/local/bin:/usr/bin:/bin");
    for (std::size_t start = 0; start <= all.size();) {
        const auto colon = std::min(all.find(':', start), all.size());
        if (colon > start && all[start] == '/') {
            folders.emplace_back(all.substr(start, colon - start));
        }
        start = colon + 1;
    }
    return folders;
}

bool runnable(const fs::path& file) { return access(file.c_str(), X_OK) == 0 && fs::is_regular_file(file); }

std::optional<fs::path> folder_named_by_pg_config(const std::vector<fs::path>& on_path) {
    for (const fs::path& folder : on_path) {
        if (!runnable(folder / "pg_config")) {
            continue;
        }
        const Completed completed = run_program({.path = folder / "pg_config", .arguments = {"--bindir"}});
        if (completed.exit_code == 0) {
            return completed.output.substr(0, completed.output.find('\n'));
        }
    }
    return std::nullopt;
}

std::vector<fs::path> candidates() {
    const std::vector<fs::path> on_path = path_folders();
    std::vector<fs::path> folders;
    if (const auto named = folder_named_by_pg_config(on_path)) {
        folders.push_back(*named);
    }
    const fs::path debian = "/usr/lib/postgresql";
    if (fs::is_directory(debian)) {
        for (const auto& entry : fs::directory_iterator(debian)) {
            folders.push_back(entry.path() / "bin");
        }
    }
    folders.insert(folders.end(), on_path.begin(), on_path.end());
    return folders;
}

std::optional<int> version_in(const fs::path& folder) {
    if (!runnable(folder / "postgres") || !runnable(folder / "initdb")) {
        return std::nullopt;
    }
    const Completed completed = run_program({.path = folder / "postgres", .arguments = {"--version"}});
    return completed.exit_code == 0 ? parse_postgres_version(completed.output) : std::nullopt;
}

}  // namespace

std::optional<int> parse_postgres_version(std::string_view text) {
    constexpr std::string_view kLead = "postgres (PostgreSQL) ";
    if (!text.starts_with(kLead)) {
        return std::nullopt;
    }
    int major = 0;
    const std::string_view number = text.substr(kLead.size());
    const auto [stop, error] = std::from_chars(number.data(), number.data() + number.size(), major);
    return error == std::errc{} ? std::optional(major) : std::nullopt;
}

PostgresBinaries find_postgres(std::optional<int> wanted) {
    std::optional<PostgresBinaries> best;
    std::vector<std::string> seen;
    for (const fs::path& folder : candidates()) {
        const auto version = version_in(folder);
        if (!version) {
            continue;
        }
        seen.push_back(fmt::format("{} in {}", *version, folder.string()));
        const bool fits = wanted ? *version == *wanted : *version >= kOldestPostgres;
        if (fits && (!best || best->major_version < *version)) {
            best = PostgresBinaries{folder, *version};
        }
    }
    if (best) {
        return *best;
    }
    const std::string needed = wanted ? fmt::format("PostgreSQL {}, which made this cluster,", *wanted)
                                      : fmt::format("PostgreSQL {} or newer", kOldestPostgres);
    throw config::Failure(
        config::ExitCode::embedded_postgres,
        fmt::format(
            "{} was not found (looked where pg_config points, in /usr/lib/postgresql/*/bin and in PATH; found: {})",
            needed, seen.empty() ? "none" : fmt::format("{}", fmt::join(seen, ", "))),
        "install the package postgresql (Debian: apt install postgresql), or name a database with --database-url");
}

}  // namespace moai::app
