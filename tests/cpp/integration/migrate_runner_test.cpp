// migrate::Runner against real databases: what it installs, what it refuses, and how it gets on with others.
#include "migrate/runner.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <functional>
#include <future>
#include <sstream>

#include "pg/connection.hpp"
#include "support/paths.hpp"
#include "support/test_cluster.hpp"
#include "support/test_database.hpp"

namespace moai::migrate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// What a shell command prints; fails the test if it does not succeed.
std::string output_of(const std::string& command) {
    std::string output;
    FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
    char buffer[65536];
    for (std::size_t size = 0; (size = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) {
        output.append(buffer, size);
    }
    EXPECT_EQ(::pclose(pipe), 0) << command << "\n" << output;
    return output;
}

std::string quoted(const std::string& argument) { return "'" + argument + "'"; }

void install_by_psql(const std::string& url) {
    // From another folder: \ir is relative to the file.
    output_of("cd / && " + quoted(test::postgres_program("psql")) + " -X -q -d " + quoted(url) + " -f " +
              quoted(test::source_dir() + "/db/install.sql"));
}

std::string dump_of(const std::string& admin_url) {
    std::istringstream dump(
        output_of(quoted(test::postgres_program("pg_dump")) + " --schema-only -d " + quoted(admin_url)));
    std::string text;
    for (std::string line; std::getline(dump, line);) {
        // Recent pg_dump puts a random word there.
        if (!line.starts_with("\\restrict ") && !line.starts_with("\\unrestrict ")) {
            text += line + "\n";
        }
    }
    return text;
}

Refused::Reason reason_of_refusal(const std::function<void()>& action) {
    try {
        action();
    } catch (const Refused& refused) {
        EXPECT_THAT(refused.hint(), ::testing::Not(IsEmpty()));
        return refused.reason();
    }
    throw std::runtime_error("not refused");
}

class RunnerTest : public ::testing::Test {
protected:
    test::TestDatabase database_{test::TestDatabase::Content::empty};
};

TEST_F(RunnerTest, InstallsOnceAndThenNothingAsAnOrdinaryLogin) {
    const Runner runner(database_.url());
    EXPECT_EQ(runner.check(), SchemaState::missing);
    const Applied first = runner.migrate();
    EXPECT_EQ(first.migrations.size(), embedded_bundle().migrations.size());
    EXPECT_TRUE(first.functions);
    EXPECT_EQ(runner.check(), SchemaState::current);
    const Applied second = runner.migrate();
    EXPECT_THAT(second.migrations, IsEmpty());
    EXPECT_FALSE(second.functions);
    EXPECT_EQ(runner.check(), SchemaState::current);

    pg::Connection connection(database_.url(), "test");
    EXPECT_EQ(connection.query("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").text(0, 0), "f");
    EXPECT_EQ(connection.query("SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'moai'").text(0, 0),
              "moai_owner");
}

TEST_F(RunnerTest, LetsTwentyInstallAtOnceAndOneDoTheWork) {
    std::vector<std::future<Applied>> installers;
    for (int i = 0; i < 20; ++i) {
        installers.push_back(std::async(std::launch::async, [this] { return Runner(database_.url()).migrate(); }));
    }
    int installed = 0;
    for (auto& installer : installers) {
        const Applied applied = installer.get();
        EXPECT_EQ(applied.functions, !applied.migrations.empty());
        installed += applied.functions ? 1 : 0;
    }
    EXPECT_EQ(installed, 1);
    EXPECT_EQ(Runner(database_.url()).check(), SchemaState::current);
}

TEST_F(RunnerTest, ApplyingTheFunctionsAgainWaitsForNoOpenPublisher) {
    std::ignore = Runner(database_.url()).migrate();
    pg::Connection publisher(database_.url(), "test");
    publisher.script("BEGIN; SELECT moai.publish('a', '1')");
    output_of("PGOPTIONS='-c lock_timeout=5s' " + quoted(test::postgres_program("psql")) +
              " -X -q -v ON_ERROR_STOP=1 -d " + quoted(database_.url()) + " -f " +
              quoted(test::source_dir() + "/db/install.sql"));
    publisher.script("COMMIT");
}

TEST(RunnersInOneCluster, InstallInFourDatabasesAtOnceAlthoughRolesAreShared) {
    const test::TestCluster cluster;
    pg::Connection admin(cluster.url(), "test");
    std::vector<std::string> urls;
    for (int i = 0; i < 4; ++i) {
        const std::string name = "shop" + std::to_string(i);
        admin.script("CREATE ROLE " + name + " LOGIN CREATEROLE");
        admin.script("CREATE DATABASE " + name + " OWNER " + name);
        urls.push_back(cluster.url(name, name));
    }
    std::vector<std::future<Applied>> installers;
    for (const std::string& url : urls) {
        installers.push_back(std::async(std::launch::async, [url] { return Runner(url).migrate(); }));
    }
    for (auto& installer : installers) {
        EXPECT_TRUE(installer.get().functions);
    }
    for (const std::string& url : urls) {
        EXPECT_EQ(Runner(url).check(), SchemaState::current) << url;
    }
}

TEST(RunnerOfAnyMoaiRole, MayCheck) {
    const test::TestDatabase database;
    pg::Connection admin(database.admin_url(), "test");
    for (const std::string role : {"moai_publisher", "moai_operator", "moai_reader", "moai_worker", "moai_api"}) {
        const std::string login = database.name() + "_" + role;
        admin.script("CREATE ROLE " + login + " LOGIN IN ROLE " + role);
        EXPECT_EQ(Runner(database.url_as(login)).check(), SchemaState::current) << role;
        admin.script("DROP ROLE " + login);
    }
}

TEST(RunnerOfAStranger, IsToldThatItMayNotSeeTheSchema) {
    const test::TestDatabase database;
    pg::Connection admin(database.admin_url(), "test");
    const std::string login = database.name() + "_stranger";
    admin.script("CREATE ROLE " + login + " LOGIN");
    EXPECT_EQ(reason_of_refusal([&] { std::ignore = Runner(database.url_as(login)).check(); }),
              Refused::Reason::no_access);
    admin.script("DROP ROLE " + login);
}

/// The rules of versions, on a schema small enough to be installed in milliseconds.
class VersionsTest : public RunnerTest {
protected:
    Bundle this_version{
        {"prelude.sql",
         "SELECT pg_advisory_xact_lock(1); CREATE SCHEMA IF NOT EXISTS moai_private;"
         "CREATE TABLE IF NOT EXISTS moai_private.migration (name text PRIMARY KEY, applied_at timestamptz DEFAULT "
         "now())"},
        {{"0001_core", "CREATE TABLE moai_private.bundle (hash text)"}},
        {{"functions/record_bundle.sql",
          "CREATE OR REPLACE FUNCTION moai_private.record_bundle(hash text) RETURNS void LANGUAGE sql AS "
          "'DELETE FROM moai_private.bundle; INSERT INTO moai_private.bundle VALUES ($1)'"}},
        {"grants.sql", "SELECT 1"},
        "this hash"};
    Bundle next_version = with_migration(this_version, "CREATE TABLE moai_private.next_version (a integer)");

    static Bundle with_migration(Bundle bundle, std::string_view sql) {
        bundle.migrations.push_back({"0002_next", sql});
        return bundle;
    }
    Runner this_moai{database_.url(), {}, this_version};
    Runner next_moai{database_.url(), {}, next_version};
};

TEST_F(VersionsTest, AnOlderSchemaGetsOnlyWhatIsNew) {
    EXPECT_THAT(this_moai.migrate().migrations, ElementsAre("0001_core"));
    EXPECT_EQ(this_moai.check(), SchemaState::current);
    EXPECT_EQ(next_moai.check(), SchemaState::older);
    EXPECT_THAT(next_moai.migrate().migrations, ElementsAre("0002_next"));
    EXPECT_EQ(next_moai.check(), SchemaState::current);
}

TEST_F(VersionsTest, ANewerSchemaIsNotTouched) {
    std::ignore = next_moai.migrate();
    EXPECT_EQ(this_moai.check(), SchemaState::newer);
    EXPECT_EQ(reason_of_refusal([&] { std::ignore = this_moai.migrate(); }), Refused::Reason::schema_is_newer);
    EXPECT_EQ(next_moai.check(), SchemaState::current);
}

TEST_F(VersionsTest, OtherFunctionsAreAppliedAgain) {
    std::ignore = this_moai.migrate();
    Bundle other = this_version;
    other.hash = "other hash";
    const Runner other_moai(database_.url(), {}, other);
    EXPECT_EQ(other_moai.check(), SchemaState::functions_differ);
    const Applied applied = other_moai.migrate();
    EXPECT_THAT(applied.migrations, IsEmpty());
    EXPECT_TRUE(applied.functions);
    EXPECT_EQ(other_moai.check(), SchemaState::current);
    EXPECT_EQ(this_moai.check(), SchemaState::functions_differ);
}

TEST_F(VersionsTest, AScriptThatFailsIsNamedAndLeavesTheDatabaseAsItWas) {
    const Bundle broken = with_migration(this_version, "CREATE TABLE half_made (); SELECT no_such_thing()");
    try {
        std::ignore = Runner(database_.url(), {}, broken).migrate();
        FAIL() << "installed";
    } catch (const pg::Error& error) {
        EXPECT_EQ(error.sqlstate(), "42883");
        EXPECT_THAT(error.what(), HasSubstr("0002_next"));
    }
    EXPECT_EQ(this_moai.check(), SchemaState::missing);
    EXPECT_EQ(pg::Connection(database_.url(), "test").query("SELECT to_regclass('half_made') IS NULL").text(0, 0), "t");
}

TEST_F(VersionsTest, ACollisionWithAnotherInstallerIsTriedAgain) {
    // Fails the first two times, as when roles collide: a sequence does not roll back.
    pg::Connection(database_.url(), "test").script("CREATE SEQUENCE tries");
    const Bundle colliding = with_migration(this_version,
                                            "DO $$ BEGIN IF nextval('tries') < 3 THEN RAISE EXCEPTION 'tuple "
                                            "concurrently updated' USING ERRCODE = 'XX000'; END IF; END $$");
    EXPECT_THAT(Runner(database_.url(), {}, colliding).migrate().migrations, ElementsAre("0001_core", "0002_next"));
    EXPECT_EQ(pg::Connection(database_.url(), "test").query("SELECT last_value FROM tries").text(0, 0), "3");
}

TEST_F(VersionsTest, WarningsOfTheScriptsAreHandedOn) {
    std::vector<std::string> remarks;
    const Bundle warning =
        with_migration(this_version, "DO $$ BEGIN RAISE NOTICE 'chatter'; RAISE WARNING 'tenancy stays off'; END $$");
    std::ignore = Runner(
                      database_.url(), [&](const std::string& remark) { remarks.push_back(remark); }, warning)
                      .migrate();
    EXPECT_THAT(remarks, ElementsAre(HasSubstr("tenancy stays off")));
}

TEST_F(VersionsTest, CheckingHasNoSideEffects) {
    pg::Connection(database_.admin_url(), "test")
        .script("ALTER DATABASE " + database_.name() + " SET default_transaction_read_only = on");
    EXPECT_EQ(this_moai.check(), SchemaState::missing);
    std::ignore = this_moai.migrate();
    EXPECT_EQ(this_moai.check(), SchemaState::current);
}

TEST(RunnerOnSqlAscii, RefusesByName) {
    const std::string& cluster = test::shared_cluster_url();
    pg::Connection admin(cluster, "test");
    const std::string name = "moai_ascii_" + std::to_string(::getpid());
    admin.script("CREATE DATABASE " + name + " ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
    const Runner runner(test::with_database(cluster, name, "postgres"));
    EXPECT_EQ(reason_of_refusal([&] { std::ignore = runner.migrate(); }), Refused::Reason::not_utf8);
    EXPECT_EQ(reason_of_refusal([&] { std::ignore = runner.check(); }), Refused::Reason::not_utf8);
    admin.script("DROP DATABASE " + name + " WITH (FORCE)");
}

TEST_F(RunnerTest, InstallsExactlyWhatPsqlInstalls) {
    std::ignore = Runner(database_.url()).migrate();
    const test::TestDatabase by_psql(test::TestDatabase::Content::empty);
    install_by_psql(by_psql.url());
    EXPECT_EQ(Runner(by_psql.url()).check(), SchemaState::current)
        << "is db/bundle.sql up to date (scripts/bundle-hash)?";
    const std::string dump = dump_of(by_psql.admin_url());
    EXPECT_THAT(dump, HasSubstr("CREATE TABLE moai_private.migration"));
    EXPECT_TRUE(dump_of(database_.admin_url()) == dump);
    // Both may go on where the other left off, and nothing changes.
    install_by_psql(database_.url());
    EXPECT_THAT(Runner(by_psql.url()).migrate().migrations, IsEmpty());
    EXPECT_TRUE(dump_of(database_.admin_url()) == dump);
    EXPECT_TRUE(dump_of(by_psql.admin_url()) == dump);
}

}  // namespace
}  // namespace moai::migrate
