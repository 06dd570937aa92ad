// moai publish: one event, by moai.publish().
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <system_error>

#include "app/database.hpp"
#include "cli/commands.hpp"
#include "pg/connection.hpp"

namespace moai::cli {
namespace {

std::string read_all(std::istream& in) {
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string payload_text(const std::string& given) {
    if (given == "-") {
        return read_all(std::cin);
    }
    if (!given.starts_with('@')) {
        return given;
    }
    std::ifstream in(given.substr(1), std::ios::binary);
    if (!in) {
        throw config::Failure(
            config::ExitCode::configuration,
            fmt::format("--payload: cannot read {}: {}", given.substr(1), std::generic_category().message(errno)));
    }
    return read_all(in);
}

}  // namespace

config::ExitCode publish(const config::Settings& settings) {
    const std::string payload = payload_text(settings.publish.payload);
    pg::Connection database(app::database_of(settings), "moai publish");
    const auto& key = settings.publish.idempotency_key;
    const pg::Result published =
        database.query("SELECT moai.publish(type => $1, payload => $2::json, idempotency_key => $3, tenant => $4)",
                       {settings.publish.type, payload, key ? pg::Param(*key) : std::nullopt, settings.tenant});
    const std::string id(published.text(0, 0));
    if (settings.json) {
        fmt::print("{{\"id\":\"{}\"}}\n", id);
    } else {
        fmt::print("{}\n", id);
    }
    return config::ExitCode::ok;
}

}  // namespace moai::cli
