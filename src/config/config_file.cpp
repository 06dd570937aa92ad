#include "config/config_file.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/exit_code.hpp"
#include "config/options.hpp"

namespace moai::config {
namespace {

std::string trimmed(const std::string& text) {
    const auto first = text.find_first_not_of(" \t\r");
    return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

/// What stands before the first "=" may also be half of a database URL that lost its key.
std::string shown_key(const std::string& key) {
    return key.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") == std::string::npos ? key : "***";
}

const Option* option_of_key(const std::string& key) {
    const auto all = options();
    const auto found = std::find_if(all.begin(), all.end(), [&](const Option& option) { return option.key == key; });
    return found == all.end() ? nullptr : &*found;
}

}  // namespace

std::map<std::string, std::vector<std::string>> read_config_file(std::istream& in, const std::string& file_name) {
    std::map<std::string, std::vector<std::string>> values;
    std::string line;
    for (int number = 1; std::getline(in, line); ++number) {
        const std::string text = trimmed(line);
        if (text.empty() || text.front() == '#') {
            continue;
        }
        const auto refuse = [&](const std::string& why) {
            return Failure(ExitCode::configuration, fmt::format("{}, line {}: {}", file_name, number, why),
                           "docs/configuration.md lists the keys");
        };
        const auto equals = text.find('=');
        if (equals == std::string::npos) {
            throw refuse("expected `key = value`");
        }
        const std::string key = trimmed(text.substr(0, equals));
        std::string value = trimmed(text.substr(equals + 1));
        if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
            value = value.substr(1, value.size() - 2);
        }
        const Option* option = key.empty() ? nullptr : option_of_key(key);
        if (option == nullptr) {
            throw refuse(fmt::format("no option has the key \"{}\"", shown_key(key)));
        }
        auto& seen = values[key];
        if (!seen.empty() && !option->list) {
            throw refuse(fmt::format("\"{}\" is set a second time", key));
        }
        seen.push_back(std::move(value));
    }
    return values;
}

}  // namespace moai::config
