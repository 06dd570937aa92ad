// moai subscribe: one subscription, by moai.create_subscription().
#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/database.hpp"
#include "cli/array_text.hpp"
#include "cli/bad_value.hpp"
#include "cli/commands.hpp"
#include "cli/text_argument.hpp"
#include "pg/connection.hpp"

namespace moai::cli {
namespace {

/// "1,2" as PostgreSQL writes arrays.
std::optional<std::string> list_text(const std::optional<std::string>& items) {
    return items ? std::optional("{" + *items + "}") : std::nullopt;
}

}  // namespace

config::ExitCode subscribe(const config::Settings& settings) {
    const config::Settings::Subscribe& asked = settings.subscribe;
    const std::string types = array_text(asked.types);
    std::string sql =
        "SELECT id, secret FROM moai.create_subscription(url => $1, event_types => $2::text[], tenant => $3";
    std::vector<pg::Param> params{asked.url, types, settings.tenant};
    // An option that was not given is left out, so that the database's default holds.
    std::vector<TypedValue> values;
    const auto add = [&](const char* option, const char* argument, const char* type,
                         const std::optional<std::string>& value) {
        if (value) {
            params.emplace_back(*value);
            values.push_back({option, type, *value});
            sql += fmt::format(", {} => ${}::{}", argument, params.size(), type);
        }
    };
    const auto secret = asked.secret ? std::optional(text_argument("--secret", *asked.secret)) : std::nullopt;
    const auto headers = asked.headers ? std::optional(text_argument("--headers", *asked.headers)) : std::nullopt;
    const auto retry_schedule = list_text(asked.retry_schedule), give_up_on = list_text(asked.give_up_on);
    add("--secret", "secret", "text", secret);
    add("--format", "format", "text", asked.format);
    add("--timeout", "timeout", "interval", asked.timeout);
    add("--max-attempts", "max_attempts", "int", asked.max_attempts);
    add("--retry-base", "retry_base", "interval", asked.retry_base);
    add("--retry-factor", "retry_factor", "float8", asked.retry_factor);
    add("--retry-cap", "retry_cap", "interval", asked.retry_cap);
    add("--retry-jitter", "retry_jitter", "float8", asked.retry_jitter);
    add("--retry-schedule", "retry_schedule", "interval[]", retry_schedule);
    add("--give-up-on", "give_up_on", "int[]", give_up_on);
    add("--max-in-flight", "max_in_flight", "int", asked.max_in_flight);
    add("--rate-limit", "rate_limit", "float8", asked.rate_limit);
    add("--disable-after", "disable_after", "interval", asked.disable_after);
    add("--method", "method", "text", asked.method);
    add("--headers", "headers", "jsonb", headers);
    add("--description", "description", "text", asked.description);

    pg::Connection database(app::database_of(settings), "moai subscribe");
    const pg::Result made = query_naming_options(database, sql + ")", params, values);
    const std::string id(made.text(0, 0));
    const std::string shown_secret(made.text(0, 1));
    if (settings.json) {
        const nlohmann::ordered_json answer{{"id", id}, {"secret", shown_secret}};
        fmt::print("{}\n", answer.dump());
    } else {
        fmt::print("id      {}\nsecret  {}\n", id, shown_secret);
    }
    return config::ExitCode::ok;
}

}  // namespace moai::cli
