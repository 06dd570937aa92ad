// moai subscribe: one subscription, by moai.create_subscription().
#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/database.hpp"
#include "cli/array_text.hpp"
#include "cli/commands.hpp"
#include "pg/connection.hpp"

namespace moai::cli {

config::ExitCode subscribe(const config::Settings& settings) {
    const config::Settings::Subscribe& asked = settings.subscribe;
    const std::string types = array_text(asked.types);
    std::string sql =
        "SELECT id, secret FROM moai.create_subscription(url => $1, event_types => $2::text[], tenant => $3";
    std::vector<pg::Param> params{asked.url, types, settings.tenant};
    // An option that was not given is left out, so that the database's default holds.
    const auto add = [&](const char* argument, const char* type, const std::optional<std::string>& value) {
        if (value) {
            params.emplace_back(*value);
            sql += fmt::format(", {} => ${}::{}", argument, params.size(), type);
        }
    };
    add("secret", "text", asked.secret);
    add("format", "text", asked.format);
    add("timeout", "interval", asked.timeout);
    add("max_attempts", "int", asked.max_attempts);
    add("retry_base", "interval", asked.retry_base);
    add("retry_factor", "float8", asked.retry_factor);
    add("retry_cap", "interval", asked.retry_cap);
    add("retry_jitter", "float8", asked.retry_jitter);
    add("description", "text", asked.description);

    pg::Connection database(app::database_of(settings), "moai subscribe");
    const pg::Result made = database.query(sql + ")", params);
    const std::string id(made.text(0, 0));
    const std::string secret(made.text(0, 1));
    if (settings.json) {
        const nlohmann::ordered_json answer{{"id", id}, {"secret", secret}};
        fmt::print("{}\n", answer.dump());
    } else {
        fmt::print("id      {}\nsecret  {}\n", id, secret);
    }
    return config::ExitCode::ok;
}

}  // namespace moai::cli
