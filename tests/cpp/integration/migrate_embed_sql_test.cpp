// cmake/EmbedSqlScript.cmake: what it embeds arrives byte for byte, and what no manifest accounts for stops the build.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "migrate/bundle.hpp"
#include "support/paths.hpp"

namespace moai::migrate {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::string content_of(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

class EmbedSqlTest : public ::testing::Test {
protected:
    void SetUp() override {
        char pattern[] = "/tmp/moai embed XXXXXX";  // a space, as clones may have
        ASSERT_NE(::mkdtemp(pattern), nullptr);
        folder_ = pattern;
        write("install.sql",
              "-- comment\n\\set ON_ERROR_STOP on\nBEGIN;\n\\ir prelude.sql\n\\set migration 0001_core\n\\ir step.sql\n"
              "\\ir functions/manifest.sql\n\\ir grants.sql\n\\ir bundle.sql\nCOMMIT;\n");
        write("step.sql", "\\ir migrations/:migration.sql\n");
        write("prelude.sql", "SELECT 1;\n");
        write("migrations/0001_core.sql", "CREATE TABLE t ();\n");
        write("functions/manifest.sql", "\\ir a/f.sql\n");
        write("functions/a/f.sql", "SELECT 2;\n");
        write("grants.sql", "SELECT 3;\n");
    }
    void TearDown() override { fs::remove_all(folder_); }

    void write(const std::string& name, const std::string& content) const {
        fs::create_directories((folder_ / "db" / name).parent_path());
        std::ofstream(folder_ / "db" / name, std::ios::binary) << content;
    }

    struct Outcome {
        bool succeeded;
        std::string output;
    };
    [[nodiscard]] Outcome run(const std::string& mode, const std::string& output = "out") const {
        const std::string command = "cmake -DMODE=" + mode + " -DDB_DIR='" + (folder_ / "db").string() +
                                    "' -DOUTPUT='" + (folder_ / output).string() + "' -P '" + test::source_dir() +
                                    "/cmake/EmbedSqlScript.cmake' 2>&1";
        std::string text;
        FILE* pipe = ::popen(command.c_str(), "r");
        char buffer[4096];
        for (std::size_t size = 0; (size = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) {
            text.append(buffer, size);
        }
        const int status = ::pclose(pipe);
        // CMake wraps its messages at any blank.
        std::string line;
        for (const char c : text) {
            if (c != '\n') {
                line += c;
            } else if (!line.empty() && line.back() != ' ') {
                line += ' ';
            }
        }
        return {status == 0, line};
    }

    fs::path folder_;
};

/// The bytes that the generated code gives to the text after the comment "// <name>".
std::string embedded_bytes(const std::string& code, const std::string& name) {
    const std::size_t start = code.find('{', code.find("// " + name + "\n"));
    const std::size_t end = code.find("'\\0'}", start);
    std::string bytes;
    for (std::size_t at = code.find("\\x", start); at < end; at = code.find("\\x", at + 1)) {
        bytes += static_cast<char>(std::stoi(code.substr(at + 2, 2), nullptr, 16));
    }
    return bytes;
}

TEST_F(EmbedSqlTest, EmbedsEveryByteAsItIs) {
    const std::string odd = "DO $$ BEGIN; ;; [x] ]] [[ \\ \\n @x@ ${y} #{z} \" ' \t \r\n häßlich 🗿 $$;\n)\")moai\"\n";
    write("functions/a/f.sql", odd);
    const Outcome outcome = run("embed");
    ASSERT_TRUE(outcome.succeeded) << outcome.output;
    EXPECT_EQ(embedded_bytes(content_of(folder_ / "out"), "functions/a/f.sql"), odd);
}

TEST_F(EmbedSqlTest, RefusesAFileThatNoManifestNames) {
    write("functions/a/forgotten.sql", "SELECT 4;\n");
    const Outcome outcome = run("embed");
    EXPECT_FALSE(outcome.succeeded);
    EXPECT_THAT(outcome.output, HasSubstr("functions/a/forgotten.sql"));
}

TEST_F(EmbedSqlTest, RefusesAMigrationThatInstallDoesNotName) {
    write("migrations/0002_more.sql", "SELECT 4;\n");
    const Outcome outcome = run("embed");
    EXPECT_FALSE(outcome.succeeded);
    EXPECT_THAT(outcome.output, HasSubstr("migrations/0002_more.sql"));
}

TEST_F(EmbedSqlTest, RefusesAManifestThatNamesAMissingFile) {
    write("functions/manifest.sql", "\\ir a/f.sql\n\\ir a/gone.sql\n");
    const Outcome outcome = run("embed");
    EXPECT_FALSE(outcome.succeeded);
    EXPECT_THAT(outcome.output, HasSubstr("functions/a/gone.sql"));
}

TEST_F(EmbedSqlTest, RefusesWhatOnlyPsqlUnderstands) {
    write("functions/a/f.sql", "SELECT 1;\n\\echo hello\n");
    EXPECT_FALSE(run("embed").succeeded);
    write("functions/a/f.sql", "BEGIN;\nSELECT 1;\nCOMMIT;\n");
    EXPECT_FALSE(run("embed").succeeded);
}

TEST_F(EmbedSqlTest, RefusesAnotherOrderThanPsqlAndTheRunnerShare) {
    write("install.sql",
          "\\ir prelude.sql\n\\ir functions/manifest.sql\n\\set migration 0001_core\n\\ir step.sql\n\\ir "
          "grants.sql\n\\ir bundle.sql\n");
    EXPECT_FALSE(run("embed").succeeded);
}

TEST_F(EmbedSqlTest, KnowsWhetherTheRecordedHashIsUpToDate) {
    ASSERT_FALSE(run("check-bundle").succeeded);
    ASSERT_TRUE(run("bundle", "db/bundle.sql").succeeded);
    EXPECT_TRUE(run("check-bundle").succeeded);
    write("grants.sql", "SELECT 33;\n");
    EXPECT_FALSE(run("check-bundle").succeeded);
    ASSERT_TRUE(run("bundle", "db/bundle.sql").succeeded);
    EXPECT_TRUE(run("check-bundle").succeeded);
    write("prelude.sql", "SELECT 11;\n");
    EXPECT_TRUE(run("check-bundle").succeeded);
}

TEST(EmbeddedBundle, IsByteForByteWhatLiesInDb) {
    const fs::path db = fs::path(test::source_dir()) / "db";
    const Bundle& bundle = embedded_bundle();
    EXPECT_EQ(bundle.prelude.text, content_of(db / "prelude.sql"));
    EXPECT_EQ(bundle.grants.text, content_of(db / "grants.sql"));
    for (const Script& migration : bundle.migrations) {
        EXPECT_EQ(migration.text, content_of(db / "migrations" / (std::string(migration.name) + ".sql")))
            << migration.name;
    }
    for (const Script& function : bundle.functions) {
        EXPECT_EQ(function.text, content_of(db / function.name)) << function.name;
    }
}

}  // namespace
}  // namespace moai::migrate
