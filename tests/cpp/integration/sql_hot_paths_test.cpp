// What is called for every event reads no table of moai's as a whole and compiles nothing, with empty tables, with a
// million rows in each that nobody has analysed, and with statistics of them. The session is older than the rows: its
// plans were made and kept while there were none.
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "integration/sql_session.hpp"
#include "support/test_database.hpp"

namespace moai::test {
namespace {

/// A call, and what must be done before it that does not count.
struct HotPath {
    std::string name, prepare, call;
};

/// A hundred events with these keys, each of them with one payload.
std::string batch(const std::string& key) {
    return "(SELECT json_agg(json_build_object('type', 'a', 'payload', '1'::json, 'idempotency_key', (" + key +
           ")::text)) FROM generate_series(1, 100) AS n)";
}

/// Claims to temporary table c.
std::string claim(const std::string& call) { return "CREATE TEMP TABLE c ON COMMIT DROP AS SELECT * FROM " + call; }

/// Completes what was claimed, each with one of the outcomes in turn; `token` may spoil it.
std::string complete(const std::string& outcomes, const std::string& token = "lease_token") {
    return "SELECT * FROM moai.complete_deliveries('w', (SELECT coalesce(json_agg(json_build_object('event_id', "
           "event_id, "
           "'subscription_id', subscription_id, 'lease_token', " +
           token +
           ", 'attempt_no', attempt_no, 'outcome', o, 'started_at_us', claimed_at_us, 'http_status', CASE o WHEN "
           "'delivered' THEN 200 WHEN 'failed' THEN 500 END)) FILTER (WHERE event_id IS NOT NULL), '[]') FROM (SELECT "
           "*, "
           "(ARRAY[" +
           outcomes + "])[1 + row_number() OVER () % cardinality(ARRAY[" + outcomes + "])] AS o FROM c) AS c))";
}

class HotPaths : public ::testing::Test {
protected:
    void SetUp() override {
        admin.run("CREATE EXTENSION pg_stat_statements; ALTER DATABASE " + database.name() +
                  " SET pg_stat_statements.track = 'all'");
        // What is never analysed stays so.
        admin.run(
            "DO $$ DECLARE t regclass; BEGIN FOR t IN SELECT oid FROM pg_class WHERE relkind = 'r' AND relnamespace = "
            "'moai_private'::regnamespace LOOP EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = false)', t); "
            "END "
            "LOOP; END $$");
        const std::string one = subscribe(admin), other = subscribe(admin);
        const std::string saturated = "ARRAY['" + one + "']::uuid[]";
        const std::string plain = "moai.claim_deliveries('w', 100)";
        const std::string some = "SELECT moai.publish('a', to_json(n)) FROM generate_series(1, 50) AS n";
        paths = {
            {"publish", "", "SELECT moai.publish('a', '1')"},
            {"publish with a key", "", "SELECT moai.publish('a', '1', idempotency_key => gen_random_uuid()::text)"},
            {"publish again", "SELECT moai.publish('a', '1', idempotency_key => 'again')",
             "SELECT moai.publish('a', '1', idempotency_key => 'again')"},
            {"a batch", "", "SELECT count(*) FROM moai.publish_batch(" + batch("gen_random_uuid()") + ")"},
            {"a batch with repeats", "SELECT count(*) FROM moai.publish_batch(" + batch("n % 10") + ")",
             "SELECT count(*) FROM moai.publish_batch(" + batch("n % 20") + ")"},
            {"a group", "", "SELECT * FROM moai_rest.publish_group(" + batch("gen_random_uuid()") + "::text, NULL)"},
            {"a claim", some, claim(plain)},
            {"a claim of nothing", "", claim(plain)},
            {"a claim past a saturated endpoint", some,
             claim("moai.claim_deliveries('w', 100, saturated => " + saturated + ")")},
            {"a claim of parked ones",
             some + "; " + claim("moai.claim_deliveries('w', 100, saturated => " + saturated + ")") + "; DROP TABLE c",
             claim("moai.claim_parked('w', " + saturated + ", '{16}')")},
            {"results, all delivered", some + "; " + claim(plain), complete("'delivered'")},
            {"results of all kinds", some + "; " + claim(plain),
             complete("'delivered', 'failed', 'released', 'parked'")},
            {"last tries that fail",
             "ALTER TABLE moai_private.delivery DISABLE TRIGGER USER; " + some +
                 "; UPDATE moai_private.delivery SET tries_left = 1 WHERE due_at <= now(); " + claim(plain),
             complete("'failed'")},
            {"results that come late", some + "; " + claim(plain),
             complete("'delivered', 'failed'", "lease_token + 1")},
            {"results again", some + "; " + claim(plain) + "; " + complete("'delivered', 'failed'"),
             complete("'delivered', 'failed'")},
            {"who has parked deliveries", some, "SELECT * FROM moai.endpoints()"},
        };
    }

    /// How often each table was read as a whole in this transaction: "delivery 1, event_2026w47 2".
    static std::string scans(SqlSession& session) {
        return session.value(
            "SELECT coalesce(string_agg(relname || ' ' || n, ', ' ORDER BY relname), '') FROM pg_class AS c CROSS JOIN "
            "LATERAL pg_stat_get_xact_numscans(c.oid) AS n WHERE relkind = 'r' AND relnamespace = "
            "'moai_private'::regnamespace AND n > 0");
    }

    /// Calls everything, and undoes it.
    void expect_no_scans(SqlSession& session, const char* when) {
        for (const auto& path : paths) {
            session.run("BEGIN; " + path.prepare);
            const std::string before = scans(session);
            session.run(path.call);
            EXPECT_EQ(scans(session), before) << path.name << ", " << when;
            session.run("ROLLBACK");
        }
    }

    void load() {
        // As the superuser, without triggers: it is the size that counts.
        admin.run(
            "BEGIN; SET LOCAL session_replication_role = replica; "
            "CREATE TEMP TABLE ids ON COMMIT DROP AS SELECT n, moai_private.uuid_v7(clock_timestamp()) AS id FROM "
            "generate_series(1, 1000000) AS n; "
            "INSERT INTO moai_private.event (id, published_at, tenant, type, payload) SELECT id, now(), 'default', "
            "'a', "
            "'1' FROM ids; "
            "INSERT INTO moai_private.delivery (event_id, subscription_id, due_at, tries_left, parked) SELECT i.id, "
            "s.id, "
            "now() + interval '1 day', 3, i.n % 10 = 0 FROM ids AS i, (SELECT id FROM moai_private.subscription LIMIT "
            "1) AS s; "
            "INSERT INTO moai_private.attempt (event_id, subscription_id, lease_token, started_at, recorded_at, "
            "attempt_no, http_status, is_orphan, worker, error_class) SELECT i.id, s.id, i.n, now(), now(), 1, 500, "
            "false, "
            "'w', 'http_status' FROM ids AS i, (SELECT id FROM moai_private.subscription LIMIT 1) AS s; "
            "INSERT INTO moai_private.idempotency_key (tenant, key, event_id, content_hash, expires_at) SELECT "
            "'default', "
            "'old ' || n, id, '', now() + interval '1 day' FROM ids; "
            "INSERT INTO moai_private.dead_letter (event_id, subscription_id, dead_at, attempt_no, reason) SELECT "
            "i.id, "
            "gen_random_uuid(), now(), 1, 'exhausted' FROM ids AS i WHERE n % 10 = 0; "
            "INSERT INTO moai_private.subscription_type (tenant, pattern, subscription_id) SELECT 'tenant ' || n, '*', "
            "gen_random_uuid() FROM generate_series(1, 100000) AS n; COMMIT");
    }

    TestDatabase database;
    SqlSession admin{database.admin_url()};
    std::vector<HotPath> paths;
};

TEST_F(HotPaths, ReadNoTableAsAWholeAndCompileNothing) {
    SqlSession old(database.admin_url());
    for (int i = 0; i < 7; ++i) {  // generic plans are considered from the sixth call on
        expect_no_scans(old, "empty");
    }
    load();
    expect_no_scans(old, "a million rows, never analysed");
    {
        SqlSession young(database.admin_url());
        expect_no_scans(young, "a million rows, never analysed, new session");
    }
    EXPECT_EQ(admin.number("SELECT count(*) FROM pg_stat_user_tables WHERE schemaname = 'moai_private' AND "
                           "coalesce(last_analyze, last_autoanalyze) IS NOT NULL"),
              0);
    admin.run("ANALYZE");
    expect_no_scans(old, "a million rows");
    SqlSession young(database.admin_url());
    expect_no_scans(young, "a million rows, new session");

    ASSERT_EQ(admin.value("SELECT pg_jit_available()"), "t") << "nothing could be compiled here";
    admin.run("SET jit_above_cost = 0; SELECT count(*) FROM generate_series(1, 2) AS control");
    const std::string compiled =
        "SELECT coalesce(string_agg(query, E'\\n'), '') FROM pg_stat_statements WHERE dbid = (SELECT oid "
        "FROM pg_database WHERE datname = current_database()) AND jit_functions > 0 AND query ";
    EXPECT_NE(admin.value(compiled + "LIKE '%control%'"), "") << "it would be seen";
    EXPECT_EQ(admin.value(compiled + "~ 'moai' AND query NOT LIKE 'INSERT INTO%ids%'"), "");
}

}  // namespace
}  // namespace moai::test
