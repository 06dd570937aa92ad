// Rules that every row of the option table keeps.
#include "config/options.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "config/exit_code.hpp"
#include "config/reference.hpp"
#include "config/resolve.hpp"

namespace moai::config {
namespace {

std::string upper_with_underscores(std::string_view flag) {
    std::string name = "MOAI_";
    for (const char c : flag.substr(2)) {
        name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    return name;
}

TEST(OptionTable, DerivesVariableAndKeyFromTheFlag) {
    for (const Option& option : options()) {
        if (!option.environment.empty()) {
            EXPECT_EQ(option.environment, upper_with_underscores(option.name));
        }
        if (!option.key.empty()) {
            EXPECT_EQ(option.key, option.name.substr(2));
            EXPECT_FALSE(option.environment.empty()) << option.name << " has a key but no variable";
        }
    }
}

TEST(OptionTable, NamesEachOptionOnceInEachSubcommand) {
    for (const CommandInfo& info : commands()) {
        std::set<std::string_view> names;
        for (const Option& option : options()) {
            if (option.belongs_to(info.command)) {
                EXPECT_TRUE(names.insert(option.name).second) << option.name << " twice in " << info.name;
            }
        }
    }
}

TEST(OptionTable, GivesEachKeyAndVariableToOneMeaning) {
    std::set<std::string_view> keys;
    std::set<std::string_view> variables;
    for (const Option& option : options()) {
        EXPECT_TRUE(option.key.empty() || keys.insert(option.key).second) << option.key;
        EXPECT_TRUE(option.environment.empty() || variables.insert(option.environment).second) << option.environment;
    }
}

TEST(OptionTable, AcceptsItsOwnDefaults) {
    for (const Option& option : options()) {
        if (!option.fallback.empty()) {
            Settings settings;
            EXPECT_NO_THROW(option.assign(settings, option.fallback)) << option.name;
        }
    }
}

TEST(OptionTable, PutsTheConfigurationFileFirst) { EXPECT_EQ(options().front().name, "--config"); }

TEST(OptionTable, SaysOneLineAboutEach) {
    for (const Option& option : options()) {
        EXPECT_FALSE(option.help.empty()) << option.name;
        EXPECT_EQ(option.help.find('\n'), std::string_view::npos) << option.name;
        EXPECT_NE(option.commands, 0U) << option.name;
    }
}

TEST(OptionTable, HasTheNamesThatTheDesignFixed) {
    const auto has = [](std::string_view name, std::string_view variable) {
        return std::any_of(options().begin(), options().end(),
                           [&](const Option& option) { return option.name == name && option.environment == variable; });
    };
    EXPECT_TRUE(has("--database-url", "MOAI_DATABASE_URL"));
    EXPECT_TRUE(has("--listen", "MOAI_LISTEN"));
    EXPECT_TRUE(has("--data-dir", "MOAI_DATA_DIR"));
    EXPECT_TRUE(has("--log-format", "MOAI_LOG_FORMAT"));
}

TEST(Reference, ListsEveryOptionAndExitCode) {
    const std::string text = configuration_reference();
    for (const Option& option : options()) {
        EXPECT_NE(text.find("| `" + std::string(option.name)), std::string::npos) << option.name;
    }
    for (const ExitCodeInfo& info : exit_codes()) {
        EXPECT_NE(text.find("| " + std::to_string(static_cast<int>(info.code)) + " | " + std::string(info.name) + " |"),
                  std::string::npos)
            << info.name;
    }
}

TEST(ExitCodes, AreDistinct) {
    std::set<int> codes;
    for (const ExitCodeInfo& info : exit_codes()) {
        EXPECT_TRUE(codes.insert(static_cast<int>(info.code)).second) << info.name;
    }
}

}  // namespace
}  // namespace moai::config
