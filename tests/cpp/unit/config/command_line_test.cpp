// What the command line may say, and what its help tells.
#include "config/command_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/exit_code.hpp"
#include "config/options.hpp"

namespace moai::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

CommandLine parse(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "moai");
    return parse_command_line(static_cast<int>(arguments.size()), arguments.data());
}

std::string refusal(const std::vector<const char*>& arguments) {
    try {
        static_cast<void>(parse(arguments));
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.code(), ExitCode::usage);
        return failure.what();
    }
    ADD_FAILURE() << "not refused";
    return "";
}

TEST(CommandLine, FindsTheSubcommandAndItsOptions) {
    const CommandLine line = parse({"serve", "--listen", "127.0.0.1:1", "--wait"});
    EXPECT_EQ(line.command, Command::serve);
    EXPECT_THAT(line.given.at("--listen"), ElementsAre("127.0.0.1:1"));
    EXPECT_THAT(line.given.at("--wait"), ElementsAre("true"));
    EXPECT_EQ(line.given.count("--data-dir"), 0U);
}

TEST(CommandLine, TakesValuesThatLookLikeOptions) {
    EXPECT_THAT(parse({"publish", "--type", "a", "--payload", "-5"}).given.at("--payload"), ElementsAre("-5"));
    EXPECT_THAT(parse({"publish", "--type", "a", "--payload", "-"}).given.at("--payload"), ElementsAre("-"));
    EXPECT_THAT(parse({"publish", "--payload={\"a\": 1}"}).given.at("--payload"), ElementsAre("{\"a\": 1}"));
    EXPECT_THAT(parse({"publish", "--payload", "[1,2]"}).given.at("--payload"), ElementsAre("[1,2]"));
}

TEST(CommandLine, TakesPositionalArguments) {
    const CommandLine line = parse({"dead-letters", "redrive", "a", "b", "--max", "5"});
    EXPECT_THAT(line.given.at("ACTION"), ElementsAre("redrive"));
    EXPECT_THAT(line.given.at("ID"), ElementsAre("a", "b"));
}

TEST(CommandLine, LetsASwitchBeTurnedOff) {
    EXPECT_THAT(parse({"run", "--wait=false"}).given.at("--wait"), ElementsAre("false"));
}

TEST(CommandLine, RefusesWhatItDoesNotKnow) {
    EXPECT_THAT(refusal({"nope"}), HasSubstr("\"nope\" is not a subcommand"));
    EXPECT_THAT(refusal({}), HasSubstr("a subcommand is required"));
    EXPECT_THAT(refusal({"serve", "--nope"}), HasSubstr("--nope"));
    EXPECT_THAT(refusal({"work", "--listen", "127.0.0.1:1"}), HasSubstr("--listen"));
    EXPECT_THAT(refusal({"serve", "--listen"}), HasSubstr("--listen"));
    EXPECT_THAT(refusal({"serve", "--listen", "127.0.0.1:1", "--listen", "127.0.0.1:2"}), HasSubstr("--listen"));
}

TEST(CommandLine, DoesNotRepeatADatabaseUrlThatLostItsOption) {
    EXPECT_THAT(refusal({"migrate", "postgresql://u:s3cret@h/d"}), Not(HasSubstr("s3cret")));
    EXPECT_THAT(refusal({"postgresql://u:s3cret@h/d"}), Not(HasSubstr("s3cret")));
    EXPECT_THAT(refusal({"migrate", "host=h password=s3cret"}), Not(HasSubstr("s3cret")));
}

TEST(Help, NamesEverySubcommandButTheHiddenOne) {
    const CommandLine line = parse({"--help"});
    EXPECT_FALSE(line.command);
    for (const CommandInfo& info : commands()) {
        if (info.command != Command::help_options) {
            EXPECT_THAT(line.help, HasSubstr("  " + std::string(info.name) + " "));
        }
    }
    EXPECT_THAT(line.help, Not(HasSubstr("help-options")));
}

TEST(Help, ShowsOptionDefaultVariableAndPurposeOfEachSubcommand) {
    for (const CommandInfo& info : commands()) {
        const std::string help = parse({std::string(info.name).c_str(), "--help"}).help;
        for (const Option& option : options()) {
            if (option.belongs_to(info.command)) {
                EXPECT_THAT(help, HasSubstr(std::string(option.name))) << info.name;
                EXPECT_THAT(help, HasSubstr(std::string(option.help))) << info.name;
                EXPECT_THAT(help, HasSubstr(std::string(option.environment))) << info.name;
                EXPECT_THAT(help, HasSubstr(std::string(option.fallback))) << info.name;
            }
        }
    }
}

}  // namespace
}  // namespace moai::config
