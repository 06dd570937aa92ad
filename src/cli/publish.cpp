// moai publish: one event, by moai.publish(), or by moai.publish_batch() where a key may make it a repeat; many by
// publish_file().
#include <fmt/format.h>

#include <cstdio>

#include "app/database.hpp"
#include "cli/bad_value.hpp"
#include "cli/commands.hpp"
#include "cli/text_argument.hpp"
#include "pg/connection.hpp"

namespace moai::cli {
namespace {

// One of the two has an idempotency key; only the batch says whether it was a repeat. json_build_object keeps the
// bytes.
constexpr const char* kPublish =
    "SELECT moai.publish(type => $1, payload => $2::json, tenant => $3), false AS duplicate";
constexpr const char* kPublishOnce =
    "SELECT id, duplicate FROM moai.publish_batch(json_build_array(json_build_object('type', $1::text, 'payload', "
    "$2::json, 'tenant', $3::text, 'idempotency_key', $4::text)))";

}  // namespace

config::ExitCode publish(const config::Settings& settings) {
    if (settings.publish.file) {
        return publish_file(settings);
    }
    // Trimmed, so that the content is the same with and without a key: a batch has no room for what surrounds it.
    const std::string payload = text_argument("--payload", settings.publish.payload);
    pg::Connection database(app::database_of(settings), "moai publish");
    const auto& key = settings.publish.idempotency_key;
    std::vector<pg::Param> params{settings.publish.type, payload, settings.tenant};
    if (key) {
        params.emplace_back(*key);
    }
    const pg::Result published =
        query_naming_options(database, key ? kPublishOnce : kPublish, params, {{"--payload", "json", payload}});
    const std::string id(published.text(0, 0));
    const bool duplicate = published.text(0, 1) == "t";
    if (settings.json) {
        fmt::print("{{\"id\":\"{}\",\"duplicate\":{}}}\n", id, duplicate);
    } else {
        fmt::print("{}\n", id);
    }
    return config::ExitCode::ok;
}

}  // namespace moai::cli
