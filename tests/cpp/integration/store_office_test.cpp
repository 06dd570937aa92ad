// PgOffice against the real schema.
#include <gtest/gtest.h>

#include <optional>

#include "pg/connection.hpp"
#include "store/pg_office.hpp"
#include "support/eventually.hpp"
#include "support/run_until.hpp"
#include "support/test_database.hpp"

namespace moai::store {
namespace {

using namespace std::chrono_literals;

class OfficeTest : public ::testing::Test {
protected:
    struct Worker {
        Worker(base::EventLoop& loop, const std::string& url, const std::string& name)
            : office(loop, {.database_url = url, .worker_name = name, .longest_patience = 10s},
                     {[&loop] { loop.stop(); },
                      [this, &loop](const pg::Error&) {
                          ++lost;
                          loop.stop();
                      }}) {
            office.start();
            EXPECT_TRUE(test::run_until(loop, [this] { return office.ready(); }));
        }
        int lost = 0;
        PgOffice office;
    };
    using Ask = void (PgOffice::*)(std::chrono::milliseconds, Office::Answered);

    void begin(Worker& worker, Ask question, std::chrono::milliseconds patience) {
        answer_.reset();
        (worker.office.*question)(patience, [this](Office::Answer answer, const pg::Error* error) {
            failed_ = error != nullptr;
            answer_ = std::move(answer);
            loop_.stop();
        });
    }
    Office::Answer end() {
        EXPECT_TRUE(test::run_until(loop_, [this] { return answer_.has_value(); }));
        return answer_.value_or(Office::Answer());
    }
    Office::Answer ask(Worker& worker, Ask question, std::chrono::milliseconds patience = 0ms) {
        begin(worker, question, patience);
        return end();
    }
    bool falls_asleep(Worker& worker) {
        std::optional<bool> asleep;
        worker.office.fall_asleep(0ms, [&](bool answer, const pg::Error* error) {
            asleep = answer && error == nullptr;
            loop_.stop();
        });
        EXPECT_TRUE(test::run_until(loop_, [&] { return asleep.has_value(); }));
        return asleep.value_or(false);
    }
    void tell(Worker& worker, void (PgOffice::*what)(Office::Done)) {
        std::optional<bool> failed;
        (worker.office.*what)([&](const pg::Error* error) {
            failed = error != nullptr;
            loop_.stop();
        });
        EXPECT_TRUE(test::run_until(loop_, [&] { return failed.has_value(); }));
        EXPECT_FALSE(failed.value_or(true));
    }

    test::TestDatabase database_;
    pg::Connection sql_{database_.admin_url(), "test"};
    base::EventLoop loop_;
    std::optional<Office::Answer> answer_;
    bool failed_ = false;
    Worker first_{loop_, database_.url(), "first"}, second_{loop_, database_.url(), "second"};
};

TEST_F(OfficeTest, IsOneWorkersAtATimeAndGoesToWhoWaits) {
    EXPECT_TRUE(ask(first_, &PgOffice::await_office).granted);
    EXPECT_FALSE(ask(second_, &PgOffice::await_office).granted);
    EXPECT_TRUE(falls_asleep(first_));
    tell(first_, &PgOffice::wake_up);
    tell(first_, &PgOffice::call_for_help);
    begin(second_, &PgOffice::await_office, 10s);
    tell(first_, &PgOffice::leave_office);
    EXPECT_TRUE(end().granted);
}

TEST_F(OfficeTest, ARefusalIsALookAndAGrantIsNot) {
    sql_.query("SELECT moai.create_subscription('https://receiver.test/', '{*}')");
    const auto publish = [this] { return std::string(sql_.query("SELECT moai.publish('a', '1')").text(0, 0)); };
    ASSERT_TRUE(ask(first_, &PgOffice::await_office).granted);
    const std::string event = publish();
    const auto refused = ask(second_, &PgOffice::await_office, 1ms);
    EXPECT_FALSE(refused.granted);
    ASSERT_EQ(refused.claim.deliveries.size(), 1U);
    EXPECT_EQ(refused.claim.deliveries[0].event_id, event);
    EXPECT_GT(refused.claim.overdue, 0us);
    publish();
    tell(first_, &PgOffice::leave_office);
    const auto granted = ask(second_, &PgOffice::await_office);
    EXPECT_TRUE(granted.granted);
    EXPECT_TRUE(granted.claim.deliveries.empty()) << "whoever waited may be dead by now, and the lease nobody's";
    EXPECT_EQ(std::string(sql_.query("SELECT count(*) FROM moai.delivery WHERE state = 'pending'").text(0, 0)), "1");
}

TEST_F(OfficeTest, IsLostWithTheSessionAndAsksAnew) {
    ASSERT_TRUE(ask(first_, &PgOffice::await_office).granted);
    begin(second_, &PgOffice::await_office, 10s);
    sql_.query(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database()"
        " AND application_name = 'moai sentinel second'");
    static_cast<void>(end());
    EXPECT_TRUE(failed_);
    ASSERT_TRUE(test::run_until(loop_, [this] { return second_.lost > 0 && second_.office.ready(); }));
    sql_.query(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database()"
        " AND application_name = 'moai sentinel first'");
    EXPECT_TRUE(ask(second_, &PgOffice::await_office).granted);
}

}  // namespace
}  // namespace moai::store
