// Sentinels that die, freeze, drain or have no room: the others go on, and nothing waits for a safety look.
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <memory>
#include <set>
#include <thread>

#include "support/doorbell_sql.hpp"
#include "support/fake_receiver.hpp"
#include "support/moai_process.hpp"
#include "support/own_cluster.hpp"
#include "support/test_database.hpp"

namespace moai::test {
namespace {

using namespace std::chrono_literals;

// A safety look within the test would hide what nobody announced.
constexpr const char* kNever = "1h";

struct SentinelHazard : ::testing::Test {
    TestDatabase database{own_cluster().url()};
    FakeReceiver receiver;
    pg::Connection sql{database.admin_url(), "test"};

    void TearDown() override { sql.script("ALTER ROLE moai_test CONNECTION LIMIT -1"); }
    std::unique_ptr<MoaiProcess> worker(const std::string& name, const std::string& concurrency = "512",
                                        const std::string& safety_interval = kNever) {
        auto process = std::make_unique<MoaiProcess>(
            server("run", database.url(),
                   {"--worker-name", name, "--safety-interval", safety_interval, "--concurrency", concurrency}));
        process->await("worker listening");
        return process;
    }
    [[nodiscard]] bool delivers(const std::string& event, std::chrono::milliseconds patience = 10s) {
        return eventually([&] { return state_of(sql, event) == "delivered"; }, patience);
    }
    std::string worker_of(const std::string& event) { return attempts_of(sql, event).at(0).worker; }
};

TEST_F(SentinelHazard, WhenItIsKilledOneThatWaitedIsInOfficeAtOnce) {
    static_cast<void>(subscribe(sql, receiver.url()));
    std::map<std::string, std::unique_ptr<MoaiProcess>> workers;
    for (const char* name : {"a", "b", "c"}) {
        workers[name] = worker(name);
    }
    while (workers.size() > 1) {
        const std::string sentinel = sleeping_sentinel(sql);
        for (const auto& [name, process] : workers) {
            ASSERT_TRUE(name == sentinel || waits_for_office(sql, name)) << name;
        }
        ASSERT_TRUE(workers.contains(sentinel)) << sentinel;
        workers.at(sentinel)->send(SIGKILL);
        workers.erase(sentinel);
        const std::string event = publish(sql);
        ASSERT_TRUE(delivers(event));
        EXPECT_NE(worker_of(event), sentinel);
    }
    EXPECT_EQ(receiver.count(), 2U) << "once each";
}

TEST_F(SentinelHazard, WhenItIsFrozenAnotherLooksInItsPlaceASecondLater) {
    static_cast<void>(subscribe(sql, receiver.url()));
    std::map<std::string, std::unique_ptr<MoaiProcess>> workers;
    workers["a"] = worker("a");
    workers["b"] = worker("b");
    const std::string frozen = sleeping_sentinel(sql), other = frozen == "a" ? "b" : "a";
    ASSERT_TRUE(waits_for_office(sql, other) && has_settled(sql, other));
    workers[frozen]->send(SIGSTOP);
    RestClient api(api_port(*workers[other]));
    for (int i = 1; i <= 2; ++i) {
        const std::string event = publish(sql);
        ASSERT_TRUE(delivers(event));
        EXPECT_EQ(worker_of(event), other);
        EXPECT_EQ(metric(api, "moai_safety_look_catches_total"), i) << "it is told";
    }
    workers[frozen]->send(SIGCONT);
    const std::string event = publish(sql);
    ASSERT_TRUE(delivers(event));
    EXPECT_EQ(receiver.count(), 3U) << "once each";
}

/// Publishes every few milliseconds, each event in a transaction of its own: sooner or later, and then for good, the
/// sentinel is awake.
class SteadyPublisher {
public:
    explicit SteadyPublisher(const std::string& url) : session_(url, "steady") {}
    ~SteadyPublisher() { stopped_ = true; }
    SteadyPublisher(const SteadyPublisher&) = delete;
    SteadyPublisher& operator=(const SteadyPublisher&) = delete;

private:
    void publish() {
        while (!stopped_) {
            session_.script(
                "DO $$BEGIN FOR i IN 1..20 LOOP PERFORM moai.publish('steady', '1'); COMMIT; PERFORM pg_sleep(0.003);"
                " END LOOP; END$$");
        }
    }

    pg::Connection session_;
    std::atomic<bool> stopped_{false};
    std::jthread thread_{[this] { publish(); }};
};

/// Publishes, and tells whether it had to ring: who did not has the shared lock until its transaction ends.
struct Published {
    std::string event;
    bool silently = false;
};
Published publish_and_listen(pg::Connection& sql) {
    sql.script("BEGIN");
    Published published{publish(sql)};
    published.silently = value(sql,
                               "SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'"
                               " AND objid = 1 AND mode = 'ShareLock'") == "1";
    sql.script("COMMIT");
    return published;
}

TEST_F(SentinelHazard, WhenItIsFrozenWhileAwakeTheEndOfAnothersWaitIsALookInItsPlace) {
    static_cast<void>(subscribe(sql, receiver.url()));
    std::map<std::string, std::unique_ptr<MoaiProcess>> workers;
    workers["a"] = worker("a", "512", "3s");
    workers["b"] = worker("b", "512", "3s");
    std::string frozen;
    Published first;
    ASSERT_TRUE(eventually(
        [&] {
            {
                SteadyPublisher steady(database.url());
                if (!eventually([&] { return !(frozen = holder_of(sql, 2)).empty() && holder_of(sql, 1).empty(); })) {
                    return false;
                }
                workers[frozen]->send(SIGSTOP);
            }
            first = publish_and_listen(sql);
            if (first.silently && holder_of(sql, 1).empty() && holder_of(sql, 2) == frozen) {
                return true;
            }
            workers[frozen]->send(SIGCONT);
            return false;
        },
        120s))
        << "it lay down each time before it was stopped";
    const std::string other = frozen == "a" ? "b" : "a";
    // A ring of before it was awake may still bring a look; there is none for the others.
    ASSERT_TRUE(delivers(first.event, 20s));
    EXPECT_EQ(worker_of(first.event), other);
    for (int i = 0; i < 2; ++i) {
        const Published next = publish_and_listen(sql);
        EXPECT_TRUE(next.silently) << "nobody is told";
        ASSERT_TRUE(delivers(next.event, 20s));
        EXPECT_EQ(worker_of(next.event), other);
    }
    EXPECT_EQ(holder_of(sql, 2), frozen) << "it was in office all the time";
    workers[frozen]->send(SIGCONT);
    EXPECT_TRUE(eventually(
        [&] { return value(sql, "SELECT count(*) FROM moai.delivery WHERE state <> 'delivered'") == "0"; }, 60s))
        << "what it had leased, too";
}

TEST_F(SentinelHazard, WhenItDrainsItHandsTheOfficeOn) {
    static_cast<void>(subscribe(sql, receiver.url()));
    std::map<std::string, std::unique_ptr<MoaiProcess>> workers;
    workers["a"] = worker("a");
    for (const char* next : {"b", "c", "d"}) {
        const std::string sentinel = sleeping_sentinel(sql);
        workers[next] = worker(next);
        ASSERT_TRUE(waits_for_office(sql, next));
        workers.at(sentinel)->send(SIGTERM);
        // Published while one goes and the other comes.
        std::set<std::string> events;
        for (int i = 0; i < 20; ++i) {
            events.insert(publish(sql));
        }
        for (const std::string& event : events) {
            ASSERT_TRUE(delivers(event));
        }
        EXPECT_EQ(workers.at(sentinel)->wait(), 0);
        RestClient api(api_port(*workers[next]));
        EXPECT_EQ(metric(api, "moai_safety_look_catches_total"), 0);
    }
}

TEST_F(SentinelHazard, WhileItDrainsWithARequestInFlightAnotherIsInOffice) {
    static_cast<void>(subscribe(sql, receiver.url(), "timeout => '60 s'"));
    receiver.on("/", [](const ReceivedRequest&, std::size_t nth) {
        return nth == 1 ? Answer{.behaviour = Answer::Behaviour::hang_after_request} : Answer{};
    });
    auto draining = worker("draining");
    EXPECT_EQ(sleeping_sentinel(sql), "draining");
    publish(sql);
    ASSERT_TRUE(receiver.wait_for(1, 10s));
    auto other = worker("other");
    ASSERT_TRUE(waits_for_office(sql, "other"));
    draining->send(SIGTERM);
    EXPECT_TRUE(eventually([&] { return holder_of(sql, 1) == "other"; }, 10s));
    const std::string event = publish(sql);
    ASSERT_TRUE(delivers(event));
    EXPECT_EQ(worker_of(event), "other");
    RestClient api(api_port(*other));
    EXPECT_EQ(metric(api, "moai_safety_look_catches_total"), 0);
}

TEST_F(SentinelHazard, WhoCannotClaimHandsTheOfficeOn) {
    static_cast<void>(subscribe(sql, receiver.url()));
    auto lame = worker("lame");
    EXPECT_EQ(sleeping_sentinel(sql), "lame");
    auto other = worker("other");
    ASSERT_TRUE(waits_for_office(sql, "other") && has_settled(sql, "other"));
    // Its session for claims is lost, and cannot come back.
    sql.script("ALTER ROLE moai_test CONNECTION LIMIT 1");
    ASSERT_EQ(own_cluster().terminate_backends("moai claims lame"), 1);
    const std::string event = publish(sql);
    ASSERT_TRUE(delivers(event));
    EXPECT_EQ(worker_of(event), "other");
    EXPECT_TRUE(eventually([&] { return holder_of(sql, 2) == "other"; }, 10s));
}

TEST_F(SentinelHazard, WithoutAFreeSlotItHandsTheOfficeOn) {
    static_cast<void>(subscribe(sql, receiver.url(), "timeout => '60 s'"));
    receiver.on("/", [](const ReceivedRequest&, std::size_t nth) {
        return nth == 1 ? Answer{.behaviour = Answer::Behaviour::hang_after_request} : Answer{};
    });
    auto full = worker("full", "1");
    EXPECT_EQ(sleeping_sentinel(sql), "full");
    auto idle = worker("idle");
    ASSERT_TRUE(waits_for_office(sql, "idle") && has_settled(sql, "idle"));
    publish(sql);
    ASSERT_TRUE(receiver.wait_for(1, 10s));
    const std::string second = publish(sql);
    ASSERT_TRUE(delivers(second));
    EXPECT_EQ(worker_of(second), "idle");
    EXPECT_TRUE(eventually([&] { return holder_of(sql, 1) == "idle"; }));
    RestClient api(api_port(*idle));
    EXPECT_EQ(metric(api, "moai_safety_look_catches_total"), 0);
}

TEST_F(SentinelHazard, WithMoreThanItCanCarryItCallsTheOthers) {
    static_cast<void>(subscribe(sql, receiver.url()));
    receiver.on("/", Answer{.delay = 20ms});
    auto a = worker("a", "4"), b = worker("b", "4");
    sleeping_sentinel(sql);
    sql.script("SELECT count(*) FROM (SELECT moai.publish('a', to_json(n)) FROM generate_series(1, 600) AS n) AS p");
    ASSERT_TRUE(receiver.wait_for_distinct(600, 30s));
    EXPECT_EQ(receiver.count(), 600U);
    ASSERT_TRUE(
        eventually([&] { return value(sql, "SELECT count(*) FROM moai.delivery WHERE state <> 'delivered'") == "0"; }));
    EXPECT_GE(number(sql, "SELECT min(n) FROM (SELECT count(*) AS n FROM moai.attempt GROUP BY worker) AS w"), 100);
    EXPECT_EQ(value(sql, "SELECT count(DISTINCT worker) FROM moai.attempt"), "2");
    double helped = 0, caught = 0;
    for (MoaiProcess* process : {a.get(), b.get()}) {
        RestClient api(api_port(*process));
        helped += metric(api, R"(moai_wakeups_total{reason="help"})");
        caught += metric(api, "moai_safety_look_catches_total");
    }
    EXPECT_GE(helped, 1) << "nobody came by chance";
    EXPECT_EQ(caught, 0) << "a burst is no missed wake-up";
}

TEST_F(SentinelHazard, ItsLeasesAndThoseOfOthersEndInTheTimerOfALivingOne) {
    // The lease of five seconds' timeout is 18 s.
    static_cast<void>(subscribe(sql, receiver.url(), "timeout => '5 s'"));
    receiver.on("/", [](const ReceivedRequest&, std::size_t nth) {
        return nth <= 2 ? Answer{.behaviour = Answer::Behaviour::hang_after_request} : Answer{};
    });
    auto full = worker("full", "1"), helper = worker("helper", "1");
    const std::string first = publish(sql), second = publish(sql);
    ASSERT_TRUE(receiver.wait_for(2, 4s)) << "one each";
    auto living = worker("living");
    full->send(SIGKILL);
    helper->send(SIGKILL);
    ASSERT_TRUE(delivers(first, 20s));
    ASSERT_TRUE(delivers(second, 20s));
    EXPECT_EQ(worker_of(first), "living");
}

}  // namespace
}  // namespace moai::test
