// pg::Pool against a real server: its bounds, its patience, and which connections it keeps.
#include "pg/pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "support/test_cluster.hpp"
#include "support/test_database.hpp"

namespace moai::pg {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

class PoolTest : public ::testing::Test {
protected:
    test::TestDatabase database_{test::TestDatabase::Content::empty};

    [[nodiscard]] Pool::Options options(std::size_t size, milliseconds wait = milliseconds(2'000)) const {
        return {database_.url(), "moai pool", "", size, wait};
    }
};

TEST_F(PoolTest, MakesConnectionsWhenNeededAndReusesThem) {
    Pool pool(options(4));
    int first = 0;
    {
        auto lease = pool.acquire();
        first = lease->backend_pid();
    }
    EXPECT_EQ(pool.acquire()->backend_pid(), first);
    Connection admin(database_.admin_url(), "admin");
    EXPECT_EQ(admin
                  .query("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'moai pool' AND datname = "
                         "current_database()")
                  .text(0, 0),
              "1");
}

TEST_F(PoolTest, RefusesOneMoreThanItsSizeAfterTheWait) {
    Pool pool(options(2, milliseconds(150)));
    const auto first = pool.acquire();
    const auto second = pool.acquire();
    const auto start = Clock::now();
    EXPECT_THROW(std::ignore = pool.acquire(), PoolExhausted);
    EXPECT_GE(Clock::now() - start, milliseconds(150));
    EXPECT_LT(Clock::now() - start, milliseconds(2'000));
}

TEST_F(PoolTest, HandsAReturnedConnectionToWhoWaits) {
    Pool pool(options(1, milliseconds(20'000)));
    std::optional<Pool::Lease> held(pool.acquire());
    const int pid = (*held)->backend_pid();
    std::atomic<int> got{0};
    std::thread waiter([&] { got = pool.acquire()->backend_pid(); });
    held.reset();
    waiter.join();
    EXPECT_EQ(got, pid);
}

TEST_F(PoolTest, NeverExceedsItsSizeUnderThreads) {
    Pool pool(options(3, milliseconds(20'000)));
    std::atomic<int> held{0}, most{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 12; ++i) {
        threads.emplace_back([&] {
            for (int j = 0; j < 25; ++j) {
                auto lease = pool.acquire();
                const int now = ++held;
                for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
                }
                lease->query("SELECT 1");
                --held;
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_LE(most, 3);
    EXPECT_GE(most, 1);
}

TEST_F(PoolTest, DropsAConnectionLeftInATransaction) {
    Pool pool(options(1));
    int first = 0;
    {
        auto lease = pool.acquire();
        first = lease->backend_pid();
        lease->script("BEGIN");
    }
    auto lease = pool.acquire();
    EXPECT_NE(lease->backend_pid(), first);
    EXPECT_FALSE(lease->in_transaction());
}

TEST_F(PoolTest, ReplacesAConnectionThatTheServerClosedWhileIdle) {
    Pool pool(options(1));
    const int first = pool.acquire()->backend_pid();
    Connection(database_.admin_url(), "admin")
        .query("SELECT pg_terminate_backend($1::int, 10000)", {std::to_string(first)});
    auto lease = pool.acquire();
    EXPECT_NE(lease->backend_pid(), first);
    EXPECT_EQ(lease->query("SELECT 1").text(0, 0), "1");
}

TEST_F(PoolTest, DropsAConnectionThatDiedInUse) {
    Pool pool(options(1));
    {
        auto lease = pool.acquire();
        try {
            lease->query("SELECT pg_terminate_backend(pg_backend_pid())");
            FAIL() << "it lives";
        } catch (const Error& error) {
            EXPECT_EQ(error.sqlstate(), "57P01");
            EXPECT_TRUE(error.connection_lost());
        }
    }
    EXPECT_EQ(pool.acquire()->query("SELECT 1").text(0, 0), "1");
}

TEST_F(PoolTest, RunsTheSessionSetupOncePerConnection) {
    auto with_setup = options(1);
    with_setup.session_setup = "SET statement_timeout = '1234ms'";
    Pool pool(with_setup);
    EXPECT_EQ(pool.acquire()->query("SHOW statement_timeout").text(0, 0), "1234ms");
}

TEST(PoolWithoutServer, FailsAtOnceDuringTheBackoffAndHoldsNoPlace) {
    Pool pool({"postgresql://ann@127.0.0.1:1/shop", "moai pool", "", 1, milliseconds(2'000)});
    EXPECT_THROW(std::ignore = pool.acquire(), Error);
    const auto start = Clock::now();
    for (int i = 0; i < 1'000; ++i) {
        EXPECT_THROW(std::ignore = pool.acquire(), Error);
    }
    EXPECT_LT(Clock::now() - start, milliseconds(2'000));
}

TEST(PoolAfterARestart, ServesAgain) {
    test::TestCluster cluster;
    Pool pool({cluster.url(), "moai pool", "", 2, milliseconds(2'000)});
    EXPECT_EQ(pool.acquire()->query("SELECT 1").text(0, 0), "1");
    cluster.stop(test::TestCluster::StopMode::immediate);
    EXPECT_THROW(std::ignore = pool.acquire(), Error);
    cluster.start();
    const auto deadline = Clock::now() + milliseconds(10'000);
    bool served = false;
    while (!served && Clock::now() < deadline) {
        try {
            served = pool.acquire()->query("SELECT 1").rows() == 1;
        } catch (const Error& error) {
            ASSERT_TRUE(error.connection_lost()) << error.what();
        }
    }
    EXPECT_TRUE(served);
}

}  // namespace
}  // namespace moai::pg
