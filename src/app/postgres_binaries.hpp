// Finds PostgreSQL's server programs on this machine.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace moai::app {

/// A folder that holds initdb and postgres, and their major version.
struct PostgresBinaries {
    std::string folder;
    int major_version = 0;
};

inline constexpr int kOldestPostgres = 15;

/// 15 of "postgres (PostgreSQL) 15.18 (Debian ...)", also of "16beta1"; nothing if the text is something else.
[[nodiscard]] std::optional<int> parse_postgres_version(std::string_view text);

/// The programs of `wanted` (a major version) if given, else the newest; at least kOldestPostgres. Looks at what
/// pg_config names, /usr/lib/postgresql/*/bin, and PATH. Throws Failure(embedded_postgres) saying where it looked.
[[nodiscard]] PostgresBinaries find_postgres(std::optional<int> wanted);

}  // namespace moai::app
