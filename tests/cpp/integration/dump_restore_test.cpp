// A living schema, dumped and restored into another database, behaves there as before.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <memory>

#include "integration/sql_session.hpp"
#include "migrate/runner.hpp"
#include "support/test_database.hpp"

namespace moai::test {
namespace {

/// The output of a shell command, which must succeed.
std::string output_of(const std::string& command) {
    struct Close {
        void operator()(std::FILE* file) const { ::pclose(file); }
    };
    std::unique_ptr<std::FILE, Close> pipe(::popen(("{ " + command + "; } 2>&1").c_str(), "r"));
    std::string text;
    std::array<char, 4096> buffer{};
    while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), pipe.get())) {
        text.append(buffer.data(), got);
    }
    const int status = ::pclose(pipe.release());
    EXPECT_EQ(status, 0) << command << '\n' << text;
    return text;
}

/// What a user can see of the history and the queue, apart from the queue's random tokens.
const char* const kContent = R"(
    SELECT md5(string_agg(line, E'\n' ORDER BY line COLLATE "C")) FROM (
        SELECT 'event ' || e.id || e.published_at || e.tenant || e.type || e.payload FROM moai_private.event AS e
        UNION ALL SELECT 'delivery ' || d::text FROM moai_private.delivery AS d
        UNION ALL SELECT 'attempt ' || a::text FROM moai_private.attempt AS a
        UNION ALL SELECT 'dead_letter ' || l::text FROM moai_private.dead_letter AS l
        UNION ALL SELECT 'key ' || k::text FROM moai_private.idempotency_key AS k
        UNION ALL SELECT 'type ' || t::text FROM moai_private.subscription_type AS t
        UNION ALL SELECT 'subscription ' || s::text FROM moai_private.subscription AS s
        UNION ALL SELECT 'login ' || g::text FROM moai_private.login_tenant AS g) AS x(line))";

class DumpRestore : public ::testing::Test {
protected:
    void SetUp() override {
        subscription_ = subscribe(sql_);
        sql_.run(
            "SELECT moai.allow_tenant('moai_test', 'a'); SELECT moai.publish('a', '{\"b\" : 1.0, \"a\": \"\\u00e9\"}', "
            "'k'); "
            "SELECT moai.publish('a', '2'); UPDATE moai_private.delivery SET tries_left = 1 WHERE event_id = (SELECT "
            "id FROM moai_private.event WHERE payload::text = '2')");
        const std::string results = sql_.value(results_of("SELECT * FROM moai.claim_deliveries('w', 10)", "failed"));
        sql_.run("SELECT moai.complete_deliveries('w', '" + results + "'); SELECT moai.publish('a', '3')");
    }

    /// Without the random tokens that newer versions of pg_dump put around the text.
    static std::string schema_of(const std::string& url) {
        return output_of("pg_dump --schema-only -d '" + url + "' | grep -v '^.\\(un\\)*restrict '");
    }

    void expect_the_same_life(TestDatabase& restored) {
        SqlSession there(restored.url());
        EXPECT_EQ(there.value(kContent), sql_.value(kContent));
        // An installation finds nothing to change.
        const std::string before = schema_of(restored.admin_url());
        std::ignore = migrate::Runner(restored.url()).migrate();
        EXPECT_TRUE(schema_of(restored.admin_url()) == before);
        EXPECT_EQ(there.value(kContent), sql_.value(kContent));

        EXPECT_EQ(there.value("SELECT moai.publish('a', '{\"b\" : 1.0, \"a\": \"\\u00e9\"}', 'k')"),
                  sql_.value("SELECT event_id FROM moai_private.idempotency_key"));
        EXPECT_EQ(there.refusal("SELECT moai.publish('a', '4', 'k')"), "MO409");
        there.run("SELECT moai.publish('a', '4')");
        EXPECT_EQ(there.number("SELECT moai.redrive_dead_letters()"), 1);
        there.run("UPDATE moai_private.delivery SET due_at = clock_timestamp()");
        EXPECT_EQ(there.number("SELECT count(*) FROM moai_private.delivery WHERE lease_token IS NULL"), 4);
        const std::string results =
            there.value(results_of("SELECT * FROM moai.claim_deliveries('w', 10)", "delivered"));
        EXPECT_EQ(there.number("SELECT delivered FROM moai.complete_deliveries('w', $1)", {results}), 4);
        // Nobody has come through the wall: it is still there, and forced.
        EXPECT_EQ(there.number("SELECT count(*) FROM pg_policy WHERE polname = 'tenant_wall'"),
                  sql_.number("SELECT count(*) FROM pg_policy WHERE polname = 'tenant_wall'"));
        EXPECT_EQ(there.value("SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'moai_private'"),
                  "moai_owner");
    }

    TestDatabase database_;
    SqlSession sql_{database_.url()};
    std::string subscription_;
};

TEST_F(DumpRestore, ByTheOwnerWithRowSecurity) {
    TestDatabase restored(TestDatabase::Content::empty);
    output_of("pg_dump --enable-row-security -Fc -d '" + database_.url() + "' | pg_restore --exit-on-error -d '" +
              restored.url() + "'");
    expect_the_same_life(restored);
}

TEST_F(DumpRestore, ByTheSuperuser) {
    TestDatabase restored(TestDatabase::Content::empty);
    output_of("pg_dump -Fc -d '" + database_.admin_url() + "' | pg_restore --exit-on-error -d '" +
              restored.admin_url() + "'");
    expect_the_same_life(restored);
}

}  // namespace
}  // namespace moai::test
