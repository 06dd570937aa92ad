// scripts/run starts moai on a PostgreSQL of its own, whatever database the shell has exported.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "support/paths.hpp"

namespace moai {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

/// A checkout in which nothing has to be installed or compiled, and moai says how it was started.
struct Checkout {
    Checkout() {
        std::string name = "/tmp/moai-t-XXXXXX";
        root = ::mkdtemp(name.data());
        fs::create_directories(root / "scripts");
        fs::create_directories(root / "build");
        for (const char* script : {"scripts/run", "scripts/environment.sh", "CMakePresets.json"}) {
            fs::copy_file(fs::path(test::source_dir()) / script, root / script);
        }
        write("scripts/setup", "#!/bin/sh\n");
        write("build/moai", "#!/bin/sh\nenv\necho \"arguments: $*\"\n");
        write("CMakeLists.txt", "cmake_minimum_required(VERSION 3.25)\nproject(x NONE)\nadd_custom_target(moai)\n");
    }
    ~Checkout() { fs::remove_all(root); }

    void write(const char* name, const char* text) const {
        std::ofstream(root / name) << text;
        ::chmod((root / name).c_str(), 0755);
    }
    [[nodiscard]] std::string run(const std::string& environment, const std::string& arguments) const {
        FILE* pipe =
            ::popen((environment + " " + (root / "scripts/run").string() + " " + arguments + " 2>&1").c_str(), "r");
        std::string output;
        char buffer[4096];
        for (std::size_t size = 0; (size = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) {
            output.append(buffer, size);
        }
        EXPECT_EQ(::pclose(pipe), 0) << output;
        return output;
    }

    fs::path root;
};

TEST(RunScript, StartsTheDemoOnADatabaseOfItsOwn) {
    const Checkout checkout;
    const std::string said =
        checkout.run("DATABASE_URL=postgresql://theirs MOAI_DATABASE_URL=postgresql://theirs", "--listen 127.0.0.1:0");
    EXPECT_THAT(said, HasSubstr("arguments: run --demo --listen 127.0.0.1:0"));
    EXPECT_THAT(said, Not(HasSubstr("postgresql://theirs")));
}

TEST(RunScript, PassesADatabaseOnThatIsNamedAsAnOption) {
    const Checkout checkout;
    EXPECT_THAT(checkout.run("", "--database-url postgresql://ours"), HasSubstr("--database-url postgresql://ours"));
}

}  // namespace
}  // namespace moai
