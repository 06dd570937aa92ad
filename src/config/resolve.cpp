#include "config/resolve.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <system_error>

#include "config/config_file.hpp"
#include "config/exit_code.hpp"
#include "config/options.hpp"

namespace moai::config {
namespace {

constexpr const char* kCommandLine = "the command line";

/// The texts found for one option and the place they come from, for messages.
struct Found {
    std::vector<std::string> texts;
    std::string origin;
};

using FileValues = std::map<std::string, std::vector<std::string>>;

std::optional<Found> in_environment(std::string_view name, const Environment& environment) {
    if (name.empty()) {
        return std::nullopt;
    }
    const std::string variable(name);
    auto value = environment(variable);
    if (!value || value->empty()) {
        return std::nullopt;
    }
    return Found{{std::move(*value)}, variable};
}

std::optional<Found> find(const Option& option, const Given& given, const Environment& environment,
                          const FileValues& file, const std::string& file_name) {
    if (const auto it = given.find(std::string(option.name)); it != given.end() && !it->second.empty()) {
        return Found{it->second, kCommandLine};
    }
    if (auto found = in_environment(option.environment, environment)) {
        return found;
    }
    if (auto found = in_environment(option.environment_also, environment)) {
        return found;
    }
    if (const auto it = file.find(std::string(option.key)); !option.key.empty() && it != file.end()) {
        return Found{it->second, file_name};
    }
    if (!option.fallback.empty()) {
        return Found{{std::string(option.fallback)}, "the default"};
    }
    return std::nullopt;
}

// A secret or a password must not come back in an error message. Where in a URL it stands is not for us to guess.
std::string shown(const Option& option, const std::string& text) {
    return option.name == "--secret" || option.name == "--database-url" || option.name == "--maintenance-url" ? "***"
                                                                                                              : text;
}

void store(const Option& option, const Found& found, Settings& settings) {
    for (const std::string& text : found.texts) {
        try {
            if (!option.list) {
                option.assign(settings, text);
                continue;
            }
            for (const std::string& item : parse_list(text)) {
                option.assign(settings, item);
            }
        } catch (const BadValue& bad) {
            throw Failure(ExitCode::configuration,
                          fmt::format("{}: \"{}\" (from {}) is not valid: allowed is {}", option.name,
                                      shown(option, text), found.origin, bad.what()));
        }
    }
}

FileValues read_file(const std::string& name) {
    std::ifstream in(name);
    if (!in) {
        throw Failure(ExitCode::configuration,
                      fmt::format("--config: cannot read \"{}\": {}", name, std::generic_category().message(errno)));
    }
    return read_config_file(in, name);
}

/// Whoever names a data folder on the command line means the database in it, whatever the environment holds.
void choose_database(const Given& given, Settings& settings) {
    if (!settings.database_url || !given.contains("--data-dir")) {
        return;
    }
    if (settings.database_url_origin == kCommandLine) {
        throw Failure(ExitCode::configuration,
                      "--database-url and --data-dir contradict: the one names a database, the other an embedded one",
                      "give one of them");
    }
    settings.database_url.reset();
    settings.database_url_origin.clear();
}

void refuse_unused_filters(const Given& given, const Settings& settings) {
    if (settings.dead_letters.action != "discard") {
        return;
    }
    for (const char* filter : {"--subscription", "--tenant", "--max"}) {
        if (given.contains(filter)) {
            throw Failure(
                ExitCode::configuration,
                fmt::format("{} is of no effect with discard, which takes the dead letters of its ids", filter),
                "leave it out; moai dead-letters list finds the ids");
        }
    }
}

/// moai publish: one event by its options, or those of a file.
void require_one_kind_of_publishing(const Given& given, const Settings& settings) {
    const bool of_a_file = settings.publish.file.has_value();
    for (const char* option : {"--type", "--payload", "--idempotency-key"}) {
        if (of_a_file && given.contains(option)) {
            throw Failure(ExitCode::configuration,
                          fmt::format("--file and {} contradict: each line of the file says it for itself", option),
                          "leave one of them out");
        }
    }
    for (const char* option : {"--key-prefix", "--on-error", "--from-line"}) {
        if (!of_a_file && given.contains(option)) {
            throw Failure(ExitCode::configuration, fmt::format("{} is of no effect without --file", option),
                          "moai publish --help");
        }
    }
    for (const char* option : {"--type TYPE", "--payload JSON|@FILE|-"}) {
        if (!of_a_file && !given.contains(std::string(option, std::string_view(option).find(' ')))) {
            throw Failure(ExitCode::usage, fmt::format("{} is required", option),
                          "moai publish --help; --file FILE publishes many events at once");
        }
    }
}

}  // namespace

Settings resolve(Command command, const Given& given, const Environment& environment) {
    Settings settings;
    FileValues file;
    for (const Option& option : options()) {
        if (!option.belongs_to(command)) {
            continue;
        }
        const auto found = find(option, given, environment, file, settings.config_file);
        if (found) {
            store(option, *found, settings);
            if (option.name == "--database-url") {
                settings.database_url_origin = found->origin;
            }
        } else if (option.required) {
            throw Failure(ExitCode::usage, fmt::format("{} {} is required", option.name, option.value_name),
                          fmt::format("moai {} --help", command_name(command)));
        }
        // --config stands first in the table, so that the file is known when the others are looked up.
        if (option.name == "--config" && !settings.config_file.empty()) {
            file = read_file(settings.config_file);
        }
    }
    choose_database(given, settings);
    refuse_unused_filters(given, settings);
    if (command == Command::publish) {
        require_one_kind_of_publishing(given, settings);
    }
    return settings;
}

std::optional<std::string> process_environment(const std::string& name) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing in this process changes its environment
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

}  // namespace moai::config
