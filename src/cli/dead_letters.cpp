// moai dead-letters: list, redrive or discard what was given up on.
#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/database.hpp"
#include "app/terminal_text.hpp"
#include "cli/array_text.hpp"
#include "cli/bad_value.hpp"
#include "cli/commands.hpp"
#include "pg/connection.hpp"

namespace moai::cli {
namespace {

using Asked = config::Settings::DeadLetters;

pg::Param param(const std::optional<std::string>& value) { return value ? pg::Param(*value) : std::nullopt; }

// Some of it was said by receivers.
std::string text_of(const nlohmann::json& value) {
    return value.is_null() ? "-" : value.is_string() ? app::terminal_text(value.get<std::string>()) : value.dump();
}

std::vector<TypedValue> typed(const Asked& asked) {
    return asked.subscription ? std::vector<TypedValue>{{"--subscription", "uuid", *asked.subscription}}
                              : std::vector<TypedValue>{};
}

void print_count(std::string_view done, const std::string& count, bool json) {
    if (json) {
        fmt::print("{{\"{}\":{}}}\n", done, count);
    } else {
        fmt::print("{} {}\n", count, done);
    }
}

void list(pg::Connection& database, const Asked& asked, bool json) {
    const std::string ids = array_text(asked.ids);
    const std::string most = std::to_string(asked.max_count);
    const pg::Result found = query_naming_options(
        database,
        "SELECT coalesce(json_agg(l), '[]') FROM (SELECT * FROM moai.dead_letter "
        "WHERE ($1::text[] = '{}' OR id = ANY ($1)) AND ($2::uuid IS NULL OR subscription_id = $2) AND ($3::text IS "
        "NULL OR tenant = $3) "
        "ORDER BY event_id, subscription_id LIMIT $4::bigint) AS l",
        {ids, param(asked.subscription), param(asked.tenant), most}, typed(asked));
    if (json) {
        fmt::print("{}\n", found.text(0, 0));
        return;
    }
    const auto letters = nlohmann::json::parse(found.text(0, 0));
    for (const auto& letter : letters) {
        fmt::print("{}\n    {}  tenant {}  dead {}  {} after {} attempts  status {}  {}\n", text_of(letter.at("id")),
                   text_of(letter.at("event_type")), text_of(letter.at("tenant")), text_of(letter.at("dead_at")),
                   text_of(letter.at("reason")), text_of(letter.at("attempts")), text_of(letter.at("http_status")),
                   text_of(letter.at("error_detail")));
    }
    fmt::print("{} dead letters{}\n", letters.size(),
               letters.size() == asked.max_count ? " shown, there may be more (--max)" : "");
}

void redrive(pg::Connection& database, const Asked& asked, bool json) {
    const std::string ids = array_text(asked.ids);
    const std::string most = std::to_string(asked.max_count);
    const pg::Result done = query_naming_options(
        database,
        "SELECT moai.redrive_dead_letters(ids => $1::text[], subscription_id => $2::uuid, tenant => $3, max_count => "
        "$4::int)",
        {asked.ids.empty() ? std::nullopt : pg::Param(ids), param(asked.subscription), param(asked.tenant), most},
        typed(asked));
    print_count("redriven", std::string(done.text(0, 0)), json);
}

void discard(pg::Connection& database, const Asked& asked, bool json) {
    if (asked.ids.empty()) {
        throw config::Failure(config::ExitCode::usage, "discard needs the ids of dead letters",
                              "moai dead-letters list shows them");
    }
    // All of them or none.
    database.query("SELECT moai.discard_dead_letter(id) FROM unnest($1::text[]) AS id", {array_text(asked.ids)});
    print_count("discarded", std::to_string(asked.ids.size()), json);
}

}  // namespace

config::ExitCode dead_letters(const config::Settings& settings) {
    pg::Connection database(app::database_of(settings), "moai dead-letters");
    const Asked& asked = settings.dead_letters;
    if (asked.action == "list") {
        list(database, asked, settings.json);
    } else if (asked.action == "redrive") {
        redrive(database, asked, settings.json);
    } else {
        discard(database, asked, settings.json);
    }
    return config::ExitCode::ok;
}

}  // namespace moai::cli
