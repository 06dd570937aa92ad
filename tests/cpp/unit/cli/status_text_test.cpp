// The form of `moai status`.
#include "cli/status_text.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/array_text.hpp"

namespace moai::cli {
namespace {

using nlohmann::ordered_json;

// The parts that a test does not speak of.
constexpr const char* kOtherStats = R"({"queue":{"depth":1,"due":0,"oldest_due_seconds":null,"next_due_seconds":4.25,
                                        "pending":1,"delivering":0,"retrying":0,"parked":0},"attempts_estimate":12000000,
                                        "dead_letters":0,"subscriptions":{"active":0,"paused":0,"disabled":0},"workers":[],
                                        "history":null})";

TEST(StatusText, ShowsQueueDeadLettersSubscriptionsAndWorkers) {
    EXPECT_EQ(
        status_text(ordered_json::parse(R"({"queue":{"depth":12,"due":3,"oldest_due_seconds":65.5,"next_due_seconds":0,
                              "pending":3,"delivering":4,"retrying":5,"parked":0},
                              "dead_letters":2,"subscriptions":{"active":3,"paused":1,"disabled":0},
                              "workers":[{"name":"a:1","since":"2026-01-01T00:00:00Z"},{"name":"b:2","since":null}],
                              "history":{"delivered":1234,"dead":5,"cancelled":0,"expired":0,"superseded":1}})")),
        "queue          12 deliveries, 3 due, the oldest for 1 min 05 s\n"
        "  pending      3\n"
        "  delivering   4\n"
        "  retrying     5\n"
        "  parked       0\n"
        "finished       1234 delivered, 5 dead, 1 superseded\n"
        "dead letters   2\n"
        "subscriptions  3 active, 1 paused, 0 disabled\n"
        "workers        a:1  since 2026-01-01T00:00:00Z\n"
        "               b:2\n");
}

TEST(StatusText, SaysThatNobodyDelivers) {
    const std::string text = status_text(ordered_json::parse(kOtherStats));
    EXPECT_NE(text.find("0 due, the next in 4.2 s"), std::string::npos) << text;
    EXPECT_NE(text.find("moai work"), std::string::npos) << text;
}

TEST(StatusText, SaysThatTheHistoryWasNotCounted) {
    const std::string text = status_text(ordered_json::parse(kOtherStats));
    EXPECT_NE(text.find("finished       not counted"), std::string::npos) << text;
    EXPECT_NE(text.find("about 12000000 attempts"), std::string::npos) << text;
}

TEST(StatusText, ShowsThatNothingWasDeliveredYet) {
    auto stats = ordered_json::parse(kOtherStats);
    stats["history"] = {{"delivered", 0}, {"dead", 0}, {"cancelled", 2}, {"expired", 0}, {"superseded", 0}};
    EXPECT_NE(status_text(stats).find("finished       0 delivered, 2 cancelled\n"), std::string::npos);
}

TEST(DurationText, ChoosesItsUnit) {
    EXPECT_EQ(duration_text(0.0124), "12 ms");
    EXPECT_EQ(duration_text(1.26), "1.3 s");
    EXPECT_EQ(duration_text(245), "4 min 05 s");
    EXPECT_EQ(duration_text(7800), "2 h 10 min");
    EXPECT_EQ(duration_text(273'600), "3 d 04 h");
}

TEST(ArrayText, QuotesEveryElement) {
    EXPECT_EQ(array_text({}), "{}");
    EXPECT_EQ(array_text({"a", "NULL", "b\"c\\d,}"}), R"({"a","NULL","b\"c\\d,}"})");
}

}  // namespace
}  // namespace moai::cli
