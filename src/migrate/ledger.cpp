// The comparison, free of input and output.
#include "migrate/ledger.hpp"

#include <algorithm>

#include "migrate/refused.hpp"

namespace moai::migrate {
namespace {

constexpr int kOldestServer = 150000;

}  // namespace

std::vector<std::string> unknown_migrations(const Bundle& bundle, const Installed& installed) {
    std::vector<std::string> unknown;
    for (const std::string& name : installed.migrations) {
        const auto same_name = [&name](const Script& script) { return script.name == name; };
        if (std::none_of(bundle.migrations.begin(), bundle.migrations.end(), same_name)) {
            unknown.push_back(name);
        }
    }
    return unknown;
}

std::vector<Script> pending_migrations(const Bundle& bundle, const Installed& installed) {
    std::vector<Script> pending;
    for (const Script& script : bundle.migrations) {
        if (std::find(installed.migrations.begin(), installed.migrations.end(), script.name) ==
            installed.migrations.end()) {
            pending.push_back(script);
        }
    }
    return pending;
}

SchemaState compare(const Bundle& bundle, const std::optional<Installed>& installed) {
    if (!installed || installed->migrations.empty()) {
        return SchemaState::missing;
    }
    if (!unknown_migrations(bundle, *installed).empty()) {
        return SchemaState::newer;
    }
    if (!pending_migrations(bundle, *installed).empty()) {
        return SchemaState::older;
    }
    return installed->bundle_hash == bundle.hash ? SchemaState::current : SchemaState::functions_differ;
}

void require_fit_server(const std::string& database, const std::string& encoding, int version) {
    if (version < kOldestServer) {
        throw Refused(Refused::Reason::server_too_old,
                      "PostgreSQL " + std::to_string(version / 10000) + " is too old for moai",
                      "use PostgreSQL 15 or newer");
    }
    if (encoding != "UTF8") {
        throw Refused(Refused::Reason::not_utf8,
                      "the encoding of database \"" + database + "\" is " + encoding + ", moai needs UTF8",
                      "CREATE DATABASE name ENCODING 'UTF8' TEMPLATE template0 makes one that fits");
    }
}

}  // namespace moai::migrate
