// Compares what a database has had with what a bundle brings.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "migrate/bundle.hpp"

namespace moai::migrate {

/// How the schema of a database stands to this binary's.
enum class SchemaState {
    current,
    missing,           ///< moai is not installed
    older,             ///< migrations of ours have not been applied
    newer,             ///< it had migrations that we do not know
    functions_differ,  ///< same tables, other functions, views or grants
};

/// What a database says it has had.
struct Installed {
    std::vector<std::string> migrations;
    std::optional<std::string> bundle_hash;
};

/// Those of the database's migrations that the bundle does not know.
[[nodiscard]] std::vector<std::string> unknown_migrations(const Bundle& bundle, const Installed& installed);
/// Those of the bundle's migrations that the database has not had, in order.
[[nodiscard]] std::vector<Script> pending_migrations(const Bundle& bundle, const Installed& installed);

/// `installed` is unset where there is no ledger. A database that is both older and newer is called newer.
[[nodiscard]] SchemaState compare(const Bundle& bundle, const std::optional<Installed>& installed);

/// Throws Refused unless moai can live in a database of this encoding on a server of this version (server_version_num).
void require_fit_server(const std::string& database, const std::string& encoding, int version);

}  // namespace moai::migrate
