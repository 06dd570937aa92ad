// The benchmarks run at all: the cheap scenarios with tiny numbers, judged by what they counted and never by time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "support/paths.hpp"
#include "support/test_cluster.hpp"

namespace moai::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::UnorderedElementsAre;

struct Finished {
    int code = -1;
    std::string output;
};

/// bench/run without the building and the cluster of its own.
Finished run_bench(const std::string& arguments, const std::string& cluster_url = "",
                   const std::string& moai = moai_binary()) {
    const auto bench = fs::path(moai_binary()).parent_path() / "bench/moai_bench";
    FILE* pipe = ::popen(("MOAI_BINARY='" + moai + "' MOAI_TEST_CLUSTER_URL='" + cluster_url + "' '" + bench.string() +
                          "' " + arguments + " 2>&1")
                             .c_str(),
                         "r");
    Finished finished;
    char buffer[4096];
    for (std::size_t size = 0; (size = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) {
        finished.output.append(buffer, size);
    }
    const int status = ::pclose(pipe);
    finished.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
    return finished;
}

struct TemporaryFile {
    TemporaryFile() {
        std::string name = "/tmp/moai-t-XXXXXX";
        ::close(::mkstemp(name.data()));
        path = name;
    }
    ~TemporaryFile() { fs::remove(path); }
    fs::path path;
};

/// The object of each figure, by "scenario figure".
std::map<std::string, nlohmann::json> read_figures(const fs::path& path) {
    std::map<std::string, nlohmann::json> figures;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        const auto figure = nlohmann::json::parse(line);
        const auto name = figure.at("scenario").get<std::string>() + " " + figure.at("figure").get<std::string>();
        EXPECT_TRUE(figures.emplace(name, figure).second) << name << " came twice";
    }
    return figures;
}

TEST(Bench, TheCheapScenariosRunAndTellEveryFigure) {
    const TemporaryFile json;
    const auto bench = run_bench(
        "drain mixed-closed sql-publishers retries memory --quick --reps 1 "
        "--set drain.deliveries=150 --json '" +
            json.path.string() + "'",
        shared_cluster_url());
    ASSERT_EQ(bench.code, 0) << bench.output;
    const auto figures = read_figures(json.path);

    for (const auto& [name, figure] : figures) {
        EXPECT_EQ(figure.size(), 17U) << name;
        for (const char* text : {"what", "unit", "limit", "moai", "postgres"}) {
            EXPECT_TRUE(figure.at(text).is_string()) << name << " " << text;
        }
        ASSERT_EQ(figure.at("runs").size(), 1U) << name;
        EXPECT_EQ(figure.at("value"), figure.at("runs").at(0)) << name;
        EXPECT_TRUE(figure.at("value").is_number()) << name;
        EXPECT_TRUE(figure.at("error").is_null()) << name;
        EXPECT_EQ(figure.at("quick"), true) << name;
        EXPECT_GE(figure.at("foreign_cpu"), 0) << name;
        EXPECT_GT(figure.at("cores"), 0) << name;
        EXPECT_EQ(figure.at("asked").is_null(), figure.at("bound").is_null()) << name;
        EXPECT_EQ(figure.at("asked").is_null(), figure.at("reached").is_null()) << name;
    }
    const auto value = [&](const std::string& name) { return figures.at(name).at("value").get<double>(); };
    EXPECT_THAT(figures, UnorderedElementsAre(
                             Key("drain rate"), Key("drain cpu"), Key("drain moai_cpu"), Key("drain postgres_cpu"),
                             Key("drain statements"), Key("drain requests"), Key("mixed-closed accepted"),
                             Key("mixed-closed delivered"), Key("mixed-closed catch_up"), Key("mixed-closed backlog"),
                             Key("mixed-closed p99"), Key("mixed-closed lost"), Key("sql-publishers rate"),
                             Key("sql-publishers ratio"), Key("sql-publishers rate_beside_worker"),
                             Key("sql-publishers ratio_beside_worker"), Key("sql-publishers notifies"),
                             Key("retries earliest"), Key("retries p50"), Key("retries p99"), Key("retries max"),
                             Key("retries retried"), Key("memory resident")));
    EXPECT_EQ(figures.at("drain rate").at("numbers").at("deliveries"), 150);
    EXPECT_EQ(value("drain requests"), 1);
    EXPECT_GE(value("drain statements"), 2.0 / 150);  // it cannot do without one claim and one record
    EXPECT_LE(value("drain statements"), 2);
    EXPECT_GT(value("mixed-closed accepted"), 0);
    EXPECT_EQ(value("mixed-closed lost"), 0);
    EXPECT_EQ(figures.at("mixed-closed lost").at("reached"), true);
    EXPECT_GT(value("sql-publishers rate"), 0);
    EXPECT_GE(value("sql-publishers notifies"), 0);
    EXPECT_LE(value("sql-publishers notifies"), 1.5);
    EXPECT_GE(value("retries earliest"), 0);
    EXPECT_EQ(value("retries retried"), 1);
    EXPECT_GT(value("memory resident"), 1);
    EXPECT_THAT(bench.output, HasSubstr("A quick run"));
}

TEST(Bench, AScenarioThatFailsIsToldAndFailsTheRun) {
    const TemporaryFile json;
    const auto bench =
        run_bench("memory latency --quick --json '" + json.path.string() + "'", shared_cluster_url(), "/bin/false");
    EXPECT_EQ(bench.code, 1) << bench.output;
    const auto figures = read_figures(json.path);
    ASSERT_FALSE(figures.empty());
    for (const auto& [name, figure] : figures) {
        EXPECT_TRUE(figure.at("error").is_string()) << name;
        EXPECT_TRUE(figure.at("value").is_null()) << name;
    }
}

TEST(Bench, RefusesWhatItDoesNotKnow) {
    EXPECT_THAT(run_bench("no-such-scenario").output, HasSubstr("no-such-scenario"));
    EXPECT_NE(run_bench("no-such-scenario").code, 0);
    for (const char* setting : {"drain.nothing=1", "drain.deliveries=many", "drain.deliveries=0", "drain"}) {
        const auto refused = run_bench(std::string("--set ") + setting);
        EXPECT_NE(refused.code, 0) << setting;
        EXPECT_THAT(refused.output, HasSubstr(setting));
    }
}

TEST(Bench, ListsItsScenariosWithTheirNumbers) {
    const auto listed = run_bench("--list");
    EXPECT_EQ(listed.code, 0);
    EXPECT_THAT(listed.output, HasSubstr("--set drain.deliveries=80000"));
}

}  // namespace
}  // namespace moai::test
