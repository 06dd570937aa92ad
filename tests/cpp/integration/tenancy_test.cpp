// The wall between tenants, walked up to by ordinary logins; and the schema where there is no wall, because roles could
// not be made.
#include <gtest/gtest.h>

#include "integration/sql_session.hpp"
#include "migrate/runner.hpp"
#include "support/test_cluster.hpp"
#include "support/test_database.hpp"

namespace moai::test {
namespace {

class Tenancy : public ::testing::Test {
protected:
    /// A login of this test's own (roles are the cluster's), a member of `roles`, acting for `tenants`.
    std::string login(const std::string& name, const std::string& roles, const std::vector<std::string>& tenants) {
        const std::string role = name + "_" + database_.name();
        SqlSession admin(database_.admin_url());
        admin.run("CREATE ROLE " + role + " LOGIN; GRANT " + roles + " TO " + role);
        roles_.push_back(role);
        for (const std::string& tenant : tenants) {
            owner_.run("SELECT moai.allow_tenant('" + role + "', '" + tenant + "')");
        }
        return database_.url_as(role);
    }
    void TearDown() override {
        SqlSession admin(database_.admin_url());
        for (const std::string& role : roles_) {
            admin.run("DROP ROLE " + role);
        }
    }

    TestDatabase database_;
    SqlSession owner_{database_.url()};
    std::vector<std::string> roles_;
    const std::string all_ = "moai_publisher, moai_operator, moai_reader";
};

TEST_F(Tenancy, ALoginPublishesForItsTenantAlone) {
    SqlSession alice(login("alice", all_, {"a"}));
    EXPECT_EQ(alice.refusal("SELECT moai.publish('x', '1', tenant => 'a')"), "");
    EXPECT_EQ(alice.refusal("SELECT moai.publish('x', '1', tenant => 'b')"), "MO403");
    EXPECT_EQ(alice.refusal("SELECT moai.publish('x', '1')"), "MO403");
    EXPECT_EQ(alice.value("SELECT string_agg(coalesce(code, 'new'), ' ' ORDER BY item) FROM moai.publish_batch("
                          "'[{\"type\":\"x\",\"payload\":1,\"tenant\":\"b\"},{\"type\":\"x\",\"payload\":1,\"tenant\":"
                          "\"a\"}]', 'report')"),
              "MO403 new");
    EXPECT_EQ(alice.refusal("SELECT moai.create_subscription('https://receiver.test/', '{*}', tenant => 'b')"),
              "MO403");
}

TEST_F(Tenancy, NoSettingAndNoRoleOpensTheWall) {
    SqlSession alice(login("alice", all_, {"a"}));
    SqlSession bob(login("bob", all_, {"b"}));
    subscribe(bob, "b");
    bob.run("SELECT moai.publish('x', '1', tenant => 'b')");
    alice.run("SELECT moai.publish('x', '2', tenant => 'a')");
    const std::string seen =
        "SELECT format('%s %s %s %s', (SELECT count(*) FROM moai.event), (SELECT count(*) FROM moai.subscription), "
        "(SELECT count(*) FROM moai.delivery), (SELECT count(*) FROM moai.dead_letter))";
    EXPECT_EQ(bob.value(seen), "1 1 1 0");
    EXPECT_EQ(alice.value(seen), "1 0 0 0");
    for (const char* attempt :
         {"SET moai.tenant = 'b'", "SET ROLE moai_reader", "SET ROLE moai_publisher", "SET row_security = off"}) {
        EXPECT_EQ(alice.refusal(attempt), "") << attempt;
        EXPECT_NE(alice.refusal("SELECT moai.publish('x', '1', tenant => 'b')"), "") << attempt;
        alice.run("RESET row_security");
        if (std::string_view(attempt) != "SET ROLE moai_publisher") {
            EXPECT_EQ(alice.value(seen), "1 0 0 0") << attempt;
        }
        alice.run("RESET ALL; RESET ROLE");
    }
    for (const char* attempt :
         {"SET ROLE moai_owner", "SET SESSION AUTHORIZATION moai_owner", "SELECT FROM moai_private.event",
          "INSERT INTO moai_private.login_tenant VALUES (session_user, 'b')",
          "SELECT moai.allow_tenant(session_user, 'b')",
          "SELECT moai_private.insert_event('x', '1', NULL, 'b', '24 h', now())"}) {
        EXPECT_EQ(alice.refusal(attempt), "42501") << attempt;
    }
    EXPECT_EQ(alice.value(seen), "1 0 0 0");
}

TEST_F(Tenancy, AnothersObjectsAreUnknown) {
    SqlSession alice(login("alice", all_, {"a"}));
    const std::string subscription = subscribe(owner_, "b");
    owner_.run("SELECT moai.publish('x', '1', tenant => 'b')");
    const std::string delivery = owner_.value("SELECT event_id || '_' || subscription_id FROM moai_private.delivery");
    EXPECT_EQ(alice.refusal("SELECT moai.delete_subscription('" + subscription + "')"), "MO404");
    EXPECT_EQ(alice.refusal("SELECT moai.pause_subscription('" + subscription + "')"), "MO404");
    EXPECT_EQ(alice.refusal("SELECT moai.update_subscription('" + subscription + "', url => 'https://evil.test/')"),
              "MO404");
    EXPECT_EQ(alice.refusal("SELECT moai.cancel_delivery('" + delivery + "')"), "MO404");
    EXPECT_EQ(alice.refusal("SELECT moai.retry_delivery('" + delivery + "')"), "MO404");
    EXPECT_EQ(alice.refusal("SELECT moai.discard_dead_letter('" + delivery + "')"), "MO404");
    EXPECT_EQ(owner_.number("SELECT count(*) FROM moai_private.delivery"), 1);
}

TEST_F(Tenancy, ALoginActsForDefaultUntilItIsAllowedSomething) {
    SqlSession carol(login("carol", all_, {}));
    EXPECT_EQ(carol.refusal("SELECT moai.publish('x', '1')"), "");
    EXPECT_EQ(carol.refusal("SELECT moai.publish('x', '1', tenant => 'a')"), "MO403");
    EXPECT_EQ(carol.number("SELECT count(*) FROM moai.event"), 1);
    SqlSession dave(login("dave", all_, {"a", "b"}));
    EXPECT_EQ(dave.refusal("SELECT moai.publish('x', '1', tenant => 'a'), moai.publish('x', '1', tenant => 'b')"), "");
    EXPECT_EQ(dave.number("SELECT count(*) FROM moai.event"), 2);
    SqlSession erin(login("erin", all_, {"*"}));
    EXPECT_EQ(erin.refusal("SELECT moai.publish('x', '1', tenant => 'anything')"), "");
    EXPECT_EQ(erin.number("SELECT count(*) FROM moai.event"), 4);
}

TEST_F(Tenancy, AWorkerTakesTheDeliveriesOfEveryTenantAndPublishesNone) {
    for (const char* tenant : {"a", "b", "default"}) {
        subscribe(owner_, tenant);
        owner_.run("SELECT moai.publish('x', '1', tenant => '" + std::string(tenant) + "')");
    }
    SqlSession worker(login("worker", "moai_worker", {}));
    const std::string results = worker.value(results_of("SELECT * FROM moai.claim_deliveries('w', 10)", "delivered"));
    EXPECT_EQ(worker.number("SELECT delivered FROM moai.complete_deliveries('w', $1)", {results}), 3);
    EXPECT_EQ(worker.refusal("SELECT moai.publish('x', '1')"), "42501");
    SqlSession publisher(login("publisher", "moai_publisher", {}));
    EXPECT_EQ(publisher.refusal("SELECT moai.claim_deliveries('w', 1)"), "42501");
    EXPECT_EQ(publisher.refusal("SELECT count(*) FROM moai.event"), "42501");
}

/// Installs as `login` into a new database of it, and does the whole job there.
void expect_to_work(const std::string& cluster_url, const std::string& login) {
    SqlSession(cluster_url)
        .run("CREATE DATABASE of_" + login + " OWNER " + login + " ENCODING 'UTF8' TEMPLATE template0");
    const std::string url = with_database(cluster_url, "of_" + login, login);
    std::ignore = migrate::Runner(url).migrate();
    std::ignore = migrate::Runner(url).migrate();
    SqlSession sql(url);
    EXPECT_EQ(sql.value("SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'moai_private'"), login);
    subscribe(sql, "a");
    sql.run("SELECT moai.publish('x', '1', tenant => 'a')");
    EXPECT_EQ(sql.number("SELECT count(*) FROM moai.delivery"), 1);
    const std::string results = sql.value(results_of("SELECT * FROM moai.claim_deliveries('w', 10)", "delivered"));
    EXPECT_EQ(sql.number("SELECT delivered FROM moai.complete_deliveries('w', $1)", {results}), 1);
}

TEST(TenancyOff, WhereRolesCannotBeMadeEverythingElseWorks) {
    TestCluster cluster;
    SqlSession(cluster.url()).run("CREATE ROLE plain LOGIN");
    expect_to_work(cluster.url(), "plain");
    EXPECT_EQ(SqlSession(cluster.url()).number("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'moai%'"), 0);
    // Later somebody with the right makes them for another database: the installer still is no member.
    SqlSession(cluster.url())
        .run("CREATE ROLE moai_owner NOLOGIN; CREATE ROLE moai_worker NOLOGIN; CREATE ROLE other LOGIN");
    expect_to_work(cluster.url(), "other");
}

}  // namespace
}  // namespace moai::test
