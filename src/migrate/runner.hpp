// Installs, upgrades and checks the schema: the binary's reader of the same files that `psql -f db/install.sql` reads.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "migrate/bundle.hpp"
#include "migrate/ledger.hpp"
#include "migrate/refused.hpp"

namespace moai::migrate {

/// What migrate() did.
struct Applied {
    std::vector<std::string> migrations;  ///< by name, in order
    bool functions = false;               ///< functions, views, triggers and grants were applied (again)
};

/// Works on one database. Not thread-safe; any number of runners, in any number of processes, may work at the same
/// time. Every failure throws: Refused if the database is not fit, else pg::Error, which names the script it happened
/// in.
class Runner {
public:
    /// Takes what the server warns of (roles that cannot be created ...), one line each.
    using OnRemark = std::function<void(const std::string&)>;

    explicit Runner(std::string database_url, OnRemark on_remark = {}, const Bundle& bundle = embedded_bundle());

    /// Brings the database to this binary's version, in one transaction, or leaves it as it was. Repeating it changes
    /// nothing. Repeats itself where installers of other databases of the cluster got in the way (roles belong to all
    /// of them).
    [[nodiscard]] Applied migrate() const;

    /// Without side effects.
    [[nodiscard]] SchemaState check() const;

private:
    [[nodiscard]] Applied migrate_once() const;

    std::string database_url_;
    OnRemark on_remark_;
    const Bundle& bundle_;
};

}  // namespace moai::migrate
