// The doorbell by several sessions, each step forced: db/functions/internal/doorbell.sql and the functions of
// db/functions/worker that stand on it. A test for each way in which a wake-up could be lost or a publisher delayed.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <vector>

#include "base/event_loop.hpp"
#include "integration/sql_session.hpp"
#include "pg/async_connection.hpp"
#include "support/run_until.hpp"
#include "support/test_database.hpp"

namespace moai::test {
namespace {

constexpr const char* kPublish = "SELECT moai.publish('a', '1')";
/// Of pg_locks, which tells of all databases.
const std::string kHere = " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

/// Hears the doorbell, or another channel.
class Ear {
public:
    explicit Ear(const std::string& url, const std::string& channel = "moai_wake")
        : session_(loop_, {url, "ear", {"LISTEN " + channel, "LISTEN fence"}},
                   {[this] { loop_.stop(); }, nullptr,
                    [this](const pg::Notification& notification) {
                        heard_.push_back(notification.channel);
                        if (notification.channel != "fence") {
                            last_payload_ = notification.payload;
                        }
                        loop_.stop();
                    }}) {
        session_.start();
        EXPECT_TRUE(run_until(loop_, [this] { return session_.ready(); }));
    }

    /// How often it has rung since the last question. Notifications come in the order of their commits: nothing is
    /// still on its way when the fence has come.
    std::size_t rings() {
        const auto is_fence = [](const std::string& channel) { return channel == "fence"; };
        const auto fences = static_cast<std::size_t>(std::count_if(heard_.begin(), heard_.end(), is_fence));
        session_.send("NOTIFY fence", {}, [](const pg::Result&, const pg::Error*) {});
        EXPECT_TRUE(run_until(loop_, [&] {
            return static_cast<std::size_t>(std::count_if(heard_.begin(), heard_.end(), is_fence)) > fences;
        }));
        EXPECT_TRUE(run_until(loop_, [this] { return session_.ready(); }));
        return heard_.size() - static_cast<std::size_t>(std::count_if(heard_.begin(), heard_.end(), is_fence)) -
               std::exchange(counted_, heard_.size() - static_cast<std::size_t>(
                                                           std::count_if(heard_.begin(), heard_.end(), is_fence)));
    }

    [[nodiscard]] const std::string& last_payload() const { return last_payload_; }

private:
    base::EventLoop loop_;
    pg::AsyncConnection session_;
    std::vector<std::string> heard_;
    std::string last_payload_;
    std::size_t counted_ = 0;
};

class SqlDoorbell : public ::testing::Test {
protected:
    void SetUp() override { subscription_ = subscribe(observer_); }

    /// What a worker asks for: whether it was granted, and how many deliveries it finds then.
    static std::string await_office(SqlSession& session, const std::string& patience = "10 s") {
        const std::string answer = session.value(
            "SELECT bool_or(in_office) || ' ' || count(event_id) FROM moai.await_office('w', 100, '" + patience + "')");
        return answer == "true 0" ? "true " + look(session) : answer;
    }
    static std::string fall_asleep(SqlSession& session, const std::string& patience = "10 s") {
        const bool asleep = session.value("SELECT moai.fall_asleep('" + patience + "')") == "t";
        return (asleep ? "true " : "false ") + look(session);
    }
    static std::string look(SqlSession& session) {
        return session.value("SELECT count(event_id) FROM moai.claim_deliveries('w', 100, true)");
    }
    void fall_asleep() {
        EXPECT_EQ(await_office(sentinel_), "true 0");
        EXPECT_EQ(fall_asleep(sentinel_), "true 0");
    }
    /// One delivery whose first try has failed, its id.
    std::string fail_a_delivery() {
        const std::string event = publisher_.value(kPublish);
        SqlSession worker(database_.url());
        const std::string results = worker.value(results_of("SELECT * FROM moai.claim_deliveries('w', 10)", "failed"));
        worker.run("SELECT moai.complete_deliveries('w', '" + results + "')");
        EXPECT_EQ(ear_.rings(), 0U) << "nobody sleeps yet";
        return event + "_" + subscription_;
    }
    /// How often a new session of this login rings, which publishes once.
    std::size_t rings_of(const std::string& login, const std::string& setting = "") {
        SqlSession(database_.url_as(login)).run(setting + kPublish);
        return ear_.rings();
    }

    TestDatabase database_;
    SqlSession observer_{database_.url()};
    SqlSession sentinel_{database_.url()};
    SqlSession publisher_{database_.url()};
    Ear ear_{database_.url()};
    std::string subscription_;
};

TEST_F(SqlDoorbell, IsSilentWhileNobodySleeps) {
    publisher_.run(kPublish);
    EXPECT_EQ(ear_.rings(), 0U);
    EXPECT_EQ(await_office(sentinel_), "true 1") << "to be in office is not to sleep";
    publisher_.run(kPublish);
    EXPECT_EQ(ear_.rings(), 0U);
}

TEST_F(SqlDoorbell, RingsAtEachCommitWhileTheSentinelSleeps) {
    fall_asleep();
    publisher_.run(std::string("BEGIN; ") + kPublish + ";" + kPublish);
    EXPECT_EQ(ear_.rings(), 0U);
    publisher_.run("COMMIT");
    EXPECT_EQ(ear_.rings(), 1U) << "once for a transaction";
    publisher_.run(kPublish);
    EXPECT_EQ(ear_.rings(), 1U);
    sentinel_.run("SELECT moai.wake_up()");
    publisher_.run(kPublish);
    EXPECT_EQ(ear_.rings(), 0U);
    EXPECT_EQ(fall_asleep(sentinel_), "true 4") << "it looks once more, and sees what was silent";
}

TEST_F(SqlDoorbell, DoesNotRingForWhatIsRolledBack) {
    fall_asleep();
    publisher_.run(std::string("BEGIN; ") + kPublish + "; ROLLBACK");
    publisher_.run(std::string("BEGIN; SAVEPOINT s; ") + kPublish + "; ROLLBACK TO s; COMMIT");
    EXPECT_EQ(ear_.rings(), 0U);
    publisher_.run(std::string("BEGIN; SAVEPOINT s; ") + kPublish + "; ROLLBACK TO s; " + kPublish + "; COMMIT");
    EXPECT_EQ(ear_.rings(), 1U);
}

TEST_F(SqlDoorbell, RingsWhateverTheSnapshotOfThePublisher) {
    for (const char* level : {"READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"}) {
        publisher_.run(std::string("BEGIN ISOLATION LEVEL ") + level + "; SELECT count(*) FROM pg_class");
        SqlSession sentinel(database_.url());
        EXPECT_EQ(await_office(sentinel), "true " + std::string(level == std::string("READ COMMITTED") ? "0" : "1"));
        EXPECT_EQ(fall_asleep(sentinel), "true 0") << "a snapshot alone holds nobody up";
        publisher_.run(std::string(kPublish) + "; COMMIT");
        EXPECT_EQ(ear_.rings(), 1U) << level;
        sentinel.run("SELECT moai.leave_office()");
    }
}

TEST_F(SqlDoorbell, WhoWasSilentIsSeenByTheLookThatFollowsTheLock) {
    EXPECT_EQ(await_office(sentinel_), "true 0");
    publisher_.run(std::string("BEGIN; ") + kPublish);
    std::string looked;
    std::jthread asleep([&] { looked = fall_asleep(sentinel_); });
    wait_until_blocked(observer_, sentinel_.pid());
    publisher_.run("COMMIT");
    asleep.join();
    EXPECT_EQ(looked, "true 1");
    EXPECT_EQ(ear_.rings(), 0U);
}

TEST_F(SqlDoorbell, NoPublisherWaitsWhileTheSentinelWaitsForAnother) {
    EXPECT_EQ(await_office(sentinel_), "true 0");
    SqlSession minutes(database_.url());
    minutes.run(std::string("BEGIN; ") + kPublish);  // open as long as it likes
    std::string looked;
    std::jthread asleep([&] { looked = fall_asleep(sentinel_, "60 s"); });
    wait_until_blocked(observer_, sentinel_.pid());
    publisher_.run("SET statement_timeout = '5s'");
    for (int i = 0; i < 20; ++i) {
        publisher_.run(kPublish);
    }
    EXPECT_EQ(ear_.rings(), 20U) << "a sentinel that is falling asleep counts as asleep";
    minutes.run(std::string(kPublish) + "; COMMIT");
    asleep.join();
    EXPECT_EQ(looked, "true 22");
    EXPECT_EQ(ear_.rings(), 0U) << "who has the lock already is waited for, and need not ring";
}

TEST_F(SqlDoorbell, PatienceEndsWithALookAndWithoutTheFlag) {
    EXPECT_EQ(await_office(sentinel_), "true 0");
    SqlSession minutes(database_.url());
    minutes.run(std::string("BEGIN; ") + kPublish);
    publisher_.run(kPublish);
    EXPECT_EQ(fall_asleep(sentinel_, "50 ms"), "false 1") << "what others have committed silently comes meanwhile";
    publisher_.run(kPublish);
    EXPECT_EQ(ear_.rings(), 0U);
    EXPECT_EQ(sentinel_.value("SHOW lock_timeout"), "0") << "the session's own is what it was";
    minutes.run("COMMIT");
    EXPECT_EQ(fall_asleep(sentinel_), "true 2");
}

TEST_F(SqlDoorbell, TheFlagAndTheOfficeDieWithTheSession) {
    fall_asleep();
    SqlSession deputy(database_.url());
    std::string looked;
    std::jthread waiting([&] { looked = await_office(deputy, "60 s"); });
    wait_until_blocked(observer_, deputy.pid());
    publisher_.run(std::string("SELECT pg_terminate_backend(") + std::to_string(sentinel_.pid()) + ", 10000)");
    publisher_.run(kPublish);
    waiting.join();
    // Granted before or after the event was published: it is found now, or its publisher was silent and it is found
    // next.
    EXPECT_TRUE(looked == "true 0" || looked == "true 1") << looked;
    EXPECT_EQ(ear_.rings(), 0U);
    EXPECT_EQ(fall_asleep(deputy), looked == "true 1" ? "true 0" : "true 1");
}

TEST_F(SqlDoorbell, TheOfficeIsHandedToWhoWaitsForItLongest) {
    fall_asleep();
    SqlSession deputy(database_.url());
    std::string looked;
    std::jthread waiting([&] { looked = await_office(deputy, "60 s"); });
    wait_until_blocked(observer_, deputy.pid());
    publisher_.run(kPublish);
    EXPECT_EQ(ear_.rings(), 1U);
    sentinel_.run("SELECT moai.leave_office()");
    waiting.join();
    EXPECT_EQ(looked, "true 1");
    publisher_.run(kPublish);
    EXPECT_EQ(ear_.rings(), 0U) << "the old sentinel's flag is down";
    EXPECT_EQ(await_office(sentinel_, "10 ms"), "false 1") << "who waits in vain has looked, too";
}

TEST_F(SqlDoorbell, WaitsAtMostAsLongAsItIsPatientAndHoldsNoSnapshotAfterwards) {
    fall_asleep();
    SqlSession deputy(database_.url());
    EXPECT_EQ(await_office(deputy, "10 ms"), "false 0");
    EXPECT_EQ(observer_.value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND "
                              "backend_xmin IS NOT NULL AND pid <> pg_backend_pid()"),
              "0");
}

TEST_F(SqlDoorbell, TurnedOffItNeverRingsAndTakesNoLock) {
    fall_asleep();
    publisher_.run("SET moai.doorbell = off");
    publisher_.run(kPublish);
    EXPECT_EQ(ear_.rings(), 0U);
    EXPECT_EQ(
        observer_.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock'" + kHere),
        "0");
}

TEST_F(SqlDoorbell, ALeaseOfAWorkerThatIsNotInOfficeIsTold) {
    fall_asleep();
    publisher_.run("SET moai.doorbell = off");
    publisher_.run(kPublish);
    publisher_.run(kPublish);
    SqlSession worker(database_.url());
    EXPECT_NE(worker.value("SELECT event_id FROM moai.claim_deliveries('w', 1)"), "");
    EXPECT_EQ(ear_.rings(), 1U) << "its end must stand in the sentinel's timer";
    EXPECT_NE(worker.value("SELECT event_id FROM moai.claim_deliveries('w', 1, true)"), "");
    EXPECT_EQ(worker.value("SELECT event_id FROM moai.claim_deliveries('w', 1)"), "");
    EXPECT_EQ(ear_.rings(), 0U) << "the sentinel's own it knows, and nothing claimed is nothing to tell";
}

TEST_F(SqlDoorbell, ALockThatIsGrantedAsThePatienceEndsCounts) {
    SqlSession holder(database_.url());
    EXPECT_EQ(await_office(holder), "true 0");
    std::string answer;
    std::jthread waiting([&] { answer = await_office(sentinel_, "300 ms"); });
    wait_until_blocked(observer_, sentinel_.pid());
    // Asleep while the lock is granted and the patience ends: it learns of both at once.
    ASSERT_EQ(::kill(sentinel_.pid(), SIGSTOP), 0);
    holder.run("SELECT moai.leave_office()");
    publisher_.run("SELECT pg_sleep(0.5)");
    ASSERT_EQ(::kill(sentinel_.pid(), SIGCONT), 0);
    waiting.join();
    EXPECT_EQ(answer.substr(0, 4) == "true",
              observer_.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 2" + kHere) == "1")
        << answer;
}

TEST_F(SqlDoorbell, ARetryThatAWorkerSchedulesIsTold) {
    publisher_.run(kPublish);
    SqlSession worker(database_.url());
    const std::string results = worker.value(results_of("SELECT * FROM moai.claim_deliveries('w', 10)", "failed"));
    fall_asleep();
    worker.value("SELECT retried FROM moai.complete_deliveries('w', $1)", {results});
    EXPECT_EQ(ear_.rings(), 1U);
}

TEST_F(SqlDoorbell, WhatAResumedSubscriptionReleasesIsTold) {
    observer_.run("SELECT moai.pause_subscription('" + subscription_ + "')");
    publisher_.run(kPublish);
    fall_asleep();
    EXPECT_EQ(observer_.value("SELECT moai.resume_subscription('" + subscription_ + "')"), "1");
    EXPECT_EQ(ear_.rings(), 1U);
    EXPECT_EQ(look(sentinel_), "1");
}

TEST_F(SqlDoorbell, AnEndpointThatBeginsAnewIsToldToEveryWorkerByItsSubscription) {
    Ear worker(database_.url(), "moai_endpoint");
    const std::string of_it = "'" + subscription_ + "'";
    observer_.run("SELECT moai.update_subscription(" + of_it + ", description => 'x')");
    observer_.run("SELECT moai.update_subscription(id, url => url) FROM moai.subscription");
    EXPECT_EQ(worker.rings(), 0U) << "it is the same";
    observer_.run("SELECT moai.update_subscription(" + of_it + ", url => 'https://elsewhere.test/')");
    EXPECT_EQ(worker.rings(), 1U);
    EXPECT_EQ(worker.last_payload(), subscription_);
    observer_.run("SELECT moai.resume_subscription(" + of_it + ")");
    EXPECT_EQ(worker.rings(), 1U);
    observer_.run("SET moai.doorbell = off");
    observer_.run("SELECT moai.resume_subscription(" + of_it + ")");
    EXPECT_EQ(worker.rings(), 0U) << "two-phase commit refuses a NOTIFY";
}

TEST_F(SqlDoorbell, ADeliveryThatAnOperatorRetriesIsTold) {
    const std::string delivery = fail_a_delivery();
    fall_asleep();
    observer_.run("SELECT moai.retry_delivery('" + delivery + "')");
    EXPECT_EQ(ear_.rings(), 1U);
    EXPECT_EQ(look(sentinel_), "1");
}

TEST_F(SqlDoorbell, ADeadLetterThatAnOperatorRedrivesIsTold) {
    observer_.run("SELECT moai.update_subscription('" + subscription_ + "', max_attempts => 1)");
    fail_a_delivery();
    fall_asleep();
    EXPECT_EQ(observer_.value("SELECT moai.redrive_dead_letters()"), "1");
    EXPECT_EQ(ear_.rings(), 1U);
    EXPECT_EQ(look(sentinel_), "1");
    EXPECT_EQ(observer_.value("SELECT moai.redrive_dead_letters()"), "0");
    EXPECT_EQ(ear_.rings(), 0U) << "nothing became due";
}

TEST_F(SqlDoorbell, IsTurnedOffForARoleOrADatabaseByWhoMaySetTheParameter) {
    fall_asleep();
    // Roles are the cluster's: one of this test's own.
    const std::string login = "silent_" + database_.name();
    SqlSession admin(database_.admin_url());
    admin.run("CREATE ROLE " + login + " LOGIN; GRANT moai_publisher, moai_test TO " + login);
    observer_.run("SELECT moai.allow_tenant('" + login + "', 'default')");
    const std::string for_role = "ALTER ROLE " + login + " SET moai.doorbell = off";
    const std::string for_database = "ALTER DATABASE " + database_.name() + " SET moai.doorbell = off";
    EXPECT_EQ(SqlSession(database_.url_as(login)).refusal(for_role), "42501") << "not even for itself";
    EXPECT_EQ(observer_.refusal(for_database), "42501") << "not even its owner";
    EXPECT_EQ(rings_of(login), 1U);

    admin.run(for_role);
    EXPECT_EQ(rings_of(login), 0U);
    EXPECT_EQ(rings_of("moai_test"), 1U) << "it is not off for others";
    EXPECT_EQ(rings_of(login, "SET moai.doorbell = on; "), 1U) << "what a session says comes before";

    admin.run("GRANT SET ON PARAMETER moai.doorbell TO " + login);
    EXPECT_EQ(SqlSession(database_.url_as(login)).refusal(for_database), "");
    EXPECT_EQ(rings_of("moai_test"), 0U);
    admin.run("DROP OWNED BY " + login + "; DROP ROLE " + login);
}

}  // namespace
}  // namespace moai::test
