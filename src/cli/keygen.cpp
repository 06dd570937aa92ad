// moai keygen.
#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/key_pair.hpp"
#include "cli/commands.hpp"

namespace moai::cli {

config::ExitCode keygen(const config::Settings& settings) {
    const app::KeyPair made = app::make_key_pair();
    if (settings.json) {
        const nlohmann::ordered_json answer{{"secret", made.secret}, {"public_key", made.public_key}};
        fmt::print("{}\n", answer.dump());
    } else {
        fmt::print("secret      {}\npublic key  {}\n", made.secret, made.public_key);
    }
    return config::ExitCode::ok;
}

}  // namespace moai::cli
