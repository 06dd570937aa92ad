// Runs the scenarios that are named, or all, and tells their figures: a table on standard output, a line of progress on
// standard error, and with --json an object for each figure. Called by bench/run, which has made the server.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "pg/connection.hpp"
#include "report.hpp"
#include "run.hpp"
#include "scenario.hpp"
#include "support/database.hpp"

namespace {

using namespace moai::bench;

struct Options {
    std::vector<std::string> names, settings;
    std::string json;
    int repetitions = 0;
    bool quick = false, list = false;
};

/// SCENARIO.NUMBER=VALUE, taken apart. Throws CLI::ValidationError unless the scenario has such a number.
std::map<std::string, std::map<std::string, double>> parse_settings(const std::vector<std::string>& settings) {
    std::map<std::string, std::map<std::string, double>> result;
    for (const auto& setting : settings) {
        const auto dot = setting.find('.'), equals = setting.find('=');
        const auto refuse = [&] {
            return CLI::ValidationError("--set", setting + ": not SCENARIO.NUMBER=VALUE of --list");
        };
        if (dot == std::string::npos || equals == std::string::npos || equals < dot) {
            throw refuse();
        }
        const auto name = setting.substr(0, dot), number = setting.substr(dot + 1, equals - dot - 1);
        const auto all = scenarios();
        const bool known = std::any_of(all.begin(), all.end(), [&](const Scenario& scenario) {
            return scenario.name == name && std::any_of(scenario.numbers.begin(), scenario.numbers.end(),
                                                        [&](const Number& each) { return each.name == number; });
        });
        char* end = nullptr;
        const double value = std::strtod(setting.c_str() + equals + 1, &end);
        if (!known || *end != '\0' || !(value > 0)) {
            throw refuse();
        }
        result[name][number] = value;
    }
    return result;
}

void list() {
    for (const auto& scenario : scenarios()) {
        fmt::print("{:<16} {}\n", scenario.name, scenario.what);
        for (const auto& number : scenario.numbers) {
            fmt::print("{:<16}   --set {}.{}={} ({} with --quick)\n", "", scenario.name, number.name, number.usual,
                       number.quick);
        }
    }
}

/// On a terminal a line that is written over, elsewhere a line for each step.
void show_progress(std::size_t place, std::size_t of, const std::string& text) {
    if (::isatty(STDERR_FILENO) == 1) {
        fmt::print(stderr, "\r\033[K[{}/{}] {}", place, of, text);
    } else {
        fmt::print(stderr, "[{}/{}] {}\n", place, of, text);
    }
    std::fflush(stderr);
}

int run_all(const Options& options) {
    auto settings = parse_settings(options.settings);
    std::vector<const Scenario*> chosen;
    for (const auto& scenario : scenarios()) {
        if (options.names.empty() ||
            std::find(options.names.begin(), options.names.end(), scenario.name) != options.names.end()) {
            chosen.push_back(&scenario);
        }
    }
    std::ofstream json;
    if (!options.json.empty()) {
        json.exceptions(std::ios::failbit | std::ios::badbit);
        json.open(options.json);
    }
    const auto cluster = cluster_url();
    const auto postmaster = postmaster_pid(cluster);
    const auto version = moai::pg::Connection(cluster, "bench").query("SHOW server_version");
    Report report{std::string(version.text(0, 0))};
    for (std::size_t i = 0; i < chosen.size(); ++i) {
        const auto& scenario = *chosen[i];
        const int repetitions = options.repetitions > 0 ? options.repetitions
                                : options.quick         ? 1
                                                        : scenario.repetitions;
        Run run(scenario, repetitions, options.quick, settings[std::string(scenario.name)], postmaster,
                [&](const std::string& text) { show_progress(i + 1, chosen.size(), text); });
        std::string error;
        // What keeps one scenario from measuring is told in its place and spares the others.
        try {
            scenario.measure(run);
        } catch (const std::exception& thrown) {
            error = thrown.what();
            show_progress(i + 1, chosen.size(), fmt::format("{} failed: {}\n", scenario.name, error));
        }
        report.add(run, error, json.is_open() ? &json : nullptr);
    }
    fmt::print(stderr, "\n");
    fmt::print("{}", report.table());
    return report.complete() ? 0 : 1;
}

int parse_and_run(int argc, char** argv) {
    Options options;
    CLI::App app{"Measures moai: bench/run [NAME...]"};
    std::set<std::string> known;
    for (const auto& scenario : scenarios()) {
        known.emplace(scenario.name);
    }
    app.add_option("NAME", options.names, "the scenarios to run; all if none is named")->check(CLI::IsMember(known));
    app.add_option("--reps", options.repetitions, "repetitions of each scenario instead of its own number")
        ->check(CLI::Range(1, 1000));
    app.add_option("--set", options.settings, "SCENARIO.NUMBER=VALUE: another number than the usual one (see --list)");
    app.add_option("--json", options.json, "write an object for each figure to this file, one a line");
    app.add_flag("--quick", options.quick, "once, with tiny numbers: shows that the scenarios run, and no figure");
    app.add_flag("--list", options.list, "show the scenarios and their numbers");
    try {
        app.parse(argc, argv);
        if (options.list) {
            list();
            return 0;
        }
        return run_all(options);
    } catch (const CLI::ParseError& error) {
        return app.exit(error);
    }
}

}  // namespace

int main(int argc, char** argv) {
    // The transport and the load write to sockets whose other end may have gone.
    std::signal(SIGPIPE, SIG_IGN);
    // For the workers: where the sink is.
    // NOLINTNEXTLINE(concurrency-mt-unsafe): before there are threads
    ::setenv("MOAI_EGRESS_ALLOW", "127.0.0.1", 1);
    try {
        return parse_and_run(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench: %s\n", error.what());
        return 1;
    }
}
