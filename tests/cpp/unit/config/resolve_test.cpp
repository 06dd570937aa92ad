// Which of several values counts, and what is said about bad ones.
#include "config/resolve.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "config/config_file.hpp"
#include "config/exit_code.hpp"

namespace moai::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Environment variables(std::map<std::string, std::string> values) {
    return [values = std::move(values)](const std::string& name) -> std::optional<std::string> {
        const auto found = values.find(name);
        return found == values.end() ? std::nullopt : std::optional(found->second);
    };
}

/// The failure that `act` throws; a test failure if it throws none.
template <typename Act>
Failure failure_of(Act&& act) {
    try {
        act();
    } catch (const Failure& failure) {
        return failure;
    }
    ADD_FAILURE() << "nothing was refused";
    return {ExitCode::ok, ""};
}

Failure refused(Command command, const Given& given, const Environment& environment = variables({})) {
    return failure_of([&] { static_cast<void>(resolve(command, given, environment)); });
}

TEST(Resolve, TakesTheTablesDefaults) {
    const Settings settings = resolve(Command::run, {}, variables({}));
    EXPECT_EQ(settings.listen.text(), "127.0.0.1:3000");
    EXPECT_EQ(settings.drain_timeout, std::chrono::seconds(25));
    EXPECT_EQ(settings.safety_interval, std::chrono::seconds(30));
    EXPECT_EQ(settings.concurrency, 512U);
    EXPECT_EQ(settings.api_connections, 16U);
    EXPECT_EQ(settings.log_format, LogFormat::human);
    EXPECT_FALSE(settings.database_url);
    EXPECT_FALSE(settings.wait);
}

TEST(Resolve, PrefersTheFlagToTheVariable) {
    const Settings settings =
        resolve(Command::serve, {{"--listen", {"127.0.0.1:1"}}}, variables({{"MOAI_LISTEN", "127.0.0.1:2"}}));
    EXPECT_EQ(settings.listen.port, 1);
}

TEST(Resolve, PrefersTheVariableToTheDefault) {
    EXPECT_EQ(resolve(Command::serve, {}, variables({{"MOAI_LISTEN", "127.0.0.1:2"}})).listen.port, 2);
}

TEST(Resolve, CountsAnEmptyVariableAsNotSet) {
    EXPECT_EQ(resolve(Command::serve, {}, variables({{"MOAI_LISTEN", ""}})).listen.port, 3000);
}

TEST(Resolve, HonoursDatabaseUrlAfterItsOwnVariable) {
    EXPECT_EQ(resolve(Command::work, {}, variables({{"DATABASE_URL", "postgres://b"}})).database_url, "postgres://b");
    EXPECT_EQ(
        resolve(Command::work, {}, variables({{"DATABASE_URL", "postgres://b"}, {"MOAI_DATABASE_URL", "postgres://a"}}))
            .database_url,
        "postgres://a");
}

TEST(Resolve, TakesTheDataDirOfTheCommandLineBeforeAUrlFromElsewhere) {
    const auto environment = variables({{"DATABASE_URL", "postgres://b"}, {"MOAI_DATA_DIR", "/elsewhere"}});
    const Settings settings = resolve(Command::run, {{"--data-dir", {"/here"}}}, environment);
    EXPECT_EQ(settings.database_url, std::nullopt);
    EXPECT_EQ(settings.data_dir, "/here");
    EXPECT_EQ(resolve(Command::run, {}, environment).database_url, "postgres://b");
    EXPECT_EQ(resolve(Command::run, {}, environment).database_url_origin, "DATABASE_URL");
}

TEST(Resolve, RefusesADatabaseUrlBesideADataDir) {
    const Failure failure =
        refused(Command::run, {{"--data-dir", {"/here"}}, {"--database-url", {"postgres://u:s3cret@b"}}});
    EXPECT_EQ(failure.code(), ExitCode::configuration);
    EXPECT_THAT(failure.what(), HasSubstr("--database-url and --data-dir contradict"));
}

TEST(Resolve, RefusesTheFiltersThatDiscardWouldIgnore) {
    for (const char* filter : {"--subscription", "--tenant", "--max"}) {
        const Failure failure =
            refused(Command::dead_letters, {{"ACTION", {"discard"}}, {"ID", {"a"}}, {filter, {"1"}}});
        EXPECT_EQ(failure.code(), ExitCode::configuration);
        EXPECT_THAT(failure.what(), HasSubstr(filter));
        EXPECT_NO_THROW(static_cast<void>(
            resolve(Command::dead_letters, {{"ACTION", {"redrive"}}, {filter, {"1"}}}, variables({}))));
    }
}

TEST(Resolve, DoesNotLookAtOptionsOfOtherSubcommands) {
    const Settings settings =
        resolve(Command::version, {}, variables({{"MOAI_LISTEN", "nonsense"}, {"MOAI_CONCURRENCY", "-1"}}));
    EXPECT_TRUE(settings.listen.host.empty());
}

TEST(Resolve, NamesOptionValueOriginAndWhatIsAllowed) {
    const Failure failure = refused(Command::work, {}, variables({{"MOAI_CONCURRENCY", "many"}}));
    EXPECT_EQ(failure.code(), ExitCode::configuration);
    EXPECT_STREQ(
        failure.what(),
        "--concurrency: \"many\" (from MOAI_CONCURRENCY) is not valid: allowed is a whole number from 1 to 20000");
}

TEST(Resolve, KeepsSecretsOutOfItsMessages) {
    const Failure url = refused(Command::work, {{"--database-url", {"mysql://u:s3cret@h"}}});
    EXPECT_THAT(url.what(), Not(HasSubstr("s3cret")));
    const Failure maintenance = refused(Command::work, {{"--maintenance-url", {"u:s3cret@h/db"}}});
    EXPECT_THAT(maintenance.what(), HasSubstr("--maintenance-url: \"***\""));
    const Failure bare = refused(Command::work, {}, variables({{"DATABASE_URL", "u:s3cret@h/db"}}));
    EXPECT_STREQ(bare.what(),
                 "--database-url: \"***\" (from DATABASE_URL) is not valid: allowed is "
                 "postgresql://USER:PASSWORD@HOST:PORT/DATABASE, or libpq's \"host=... dbname=...\"");
    const Failure secret = refused(Command::subscribe, {{"--url", {"u"}}, {"--types", {"*"}}, {"--secret", {""}}});
    EXPECT_THAT(secret.what(), HasSubstr("***"));
}

TEST(Resolve, AsksForWhatIsRequired) {
    const Failure failure = refused(Command::publish, {{"--payload", {"{}"}}});
    EXPECT_EQ(failure.code(), ExitCode::usage);
    EXPECT_THAT(failure.what(), HasSubstr("--type TYPE is required"));
    EXPECT_THAT(failure.hint(), HasSubstr("moai publish --help"));
    EXPECT_THAT(refused(Command::publish, {{"--type", {"a"}}}).what(), HasSubstr("--payload JSON|@FILE|- is required"));
    EXPECT_THAT(refused(Command::subscribe, {{"--types", {"a"}}}).what(), HasSubstr("--url URL is required"));
}

TEST(Resolve, TakesEitherOneEventOrAFile) {
    for (const char* option : {"--type", "--payload", "--idempotency-key"}) {
        const Failure failure = refused(Command::publish, {{"--file", {"f"}}, {option, {"x"}}});
        EXPECT_EQ(failure.code(), ExitCode::configuration);
        EXPECT_THAT(failure.what(), HasSubstr(std::string("--file and ") + option + " contradict"));
    }
    for (const auto& [option, text] :
         {std::pair{"--key-prefix", "x"}, {"--on-error", "report"}, {"--from-line", "2"}}) {
        const Failure failure = refused(Command::publish, {{"--type", {"a"}}, {"--payload", {"1"}}, {option, {text}}});
        EXPECT_EQ(failure.code(), ExitCode::configuration);
        EXPECT_THAT(failure.what(), HasSubstr(std::string(option) + " is of no effect without --file"));
    }
    const Settings settings = resolve(Command::publish, {{"--file", {"-"}}, {"--from-line", {"7"}}}, variables({}));
    EXPECT_EQ(settings.publish.file, "-");
    EXPECT_EQ(settings.publish.from_line, 7U);
    EXPECT_EQ(settings.publish.on_error, OnError::stop);
}

TEST(Resolve, JoinsRepeatedAndCommaSeparatedValues) {
    const Settings settings =
        resolve(Command::serve, {{"--allowed-host", {"a.example,B.example", "c"}}}, variables({}));
    EXPECT_THAT(settings.allowed_hosts, ElementsAre("a.example", "b.example", "c"));
}

TEST(Resolve, RefusesAConfigurationFileThatIsNotThere) {
    const Failure failure = refused(Command::serve, {{"--config", {"/nonexistent/moai.conf"}}});
    EXPECT_EQ(failure.code(), ExitCode::configuration);
    EXPECT_THAT(failure.what(), HasSubstr("/nonexistent/moai.conf"));
}

Failure refused_file(const std::string& text) {
    std::istringstream in(text);
    return failure_of([&] { static_cast<void>(read_config_file(in, "moai.conf")); });
}

TEST(ConfigFile, HoldsKeysAndValues) {
    std::istringstream in(
        "# a comment\n\nlisten = 127.0.0.1:1\r\ndatabase-url = \"host=h  "
        "password=a=b#c\"\nallowed-host=a\nallowed-host=b\n");
    const auto values = read_config_file(in, "moai.conf");
    EXPECT_THAT(values.at("listen"), ElementsAre("127.0.0.1:1"));
    EXPECT_THAT(values.at("database-url"), ElementsAre("host=h  password=a=b#c"));
    EXPECT_THAT(values.at("allowed-host"), ElementsAre("a", "b"));
}

TEST(ConfigFile, NamesTheLineOfAFault) {
    EXPECT_STREQ(refused_file("listen = x\nlisten = y\n").what(), "moai.conf, line 2: \"listen\" is set a second time");
    EXPECT_STREQ(refused_file("\nlistne = x\n").what(), "moai.conf, line 2: no option has the key \"listne\"");
    EXPECT_STREQ(refused_file("[section]\n").what(), "moai.conf, line 1: expected `key = value`");
    EXPECT_STREQ(refused_file("postgresql://u:s3cret@h/d?sslmode=x\n").what(),
                 "moai.conf, line 1: no option has the key \"***\"");
    EXPECT_STREQ(refused_file("= x\n").what(), "moai.conf, line 1: no option has the key \"\"");
}

}  // namespace
}  // namespace moai::config
