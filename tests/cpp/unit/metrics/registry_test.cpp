// What /metrics says after things were counted.
#include "metrics/registry.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "base/unique_fd.hpp"

namespace moai::metrics {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Metrics, NameTheVersion) {
    EXPECT_THAT(Registry("1.2.3").text(), HasSubstr(R"(moai_build_info{version="1.2.3"} 1)"));
}

TEST(Metrics, ShowWhatMustStayZeroFromTheStart) {
    const std::string text = Registry("0").text();
    EXPECT_THAT(text, HasSubstr("moai_safety_look_catches_total 0"));
    EXPECT_THAT(text, HasSubstr("moai_orphaned_results_total 0"));
    EXPECT_THAT(text, HasSubstr(R"(moai_wakeups_total{reason="notify"} 0)"));
    EXPECT_THAT(text, HasSubstr(R"(moai_wakeups_total{reason="reconnect"} 0)"));
    EXPECT_THAT(text, HasSubstr(R"(moai_deliveries_total{outcome="dead_lettered"} 0)"));
}

TEST(Metrics, CountWhatHappened) {
    Registry registry("0");
    registry.events_accepted(3);
    registry.publish_group(30);
    registry.claim(32);
    registry.attempt("timeout");
    registry.attempt("timeout");
    registry.deliveries(Outcome::retried, 2);
    registry.orphaned(4);
    registry.released(5);
    registry.in_flight(7);
    registry.connections(11);
    registry.wakeup(WakeReason::timer);
    registry.safety_look_catch();
    registry.reconnect("listen");
    registry.upkeep("refused");
    const std::string text = registry.text();
    EXPECT_THAT(text, HasSubstr("moai_events_accepted_total 3"));
    EXPECT_THAT(text, HasSubstr("moai_publish_group_sum 30"));
    EXPECT_THAT(text, HasSubstr("moai_claims_total 1"));
    EXPECT_THAT(text, HasSubstr("moai_claim_batch_sum 32"));
    EXPECT_THAT(text, HasSubstr(R"(moai_attempts_total{error_class="timeout"} 2)"));
    EXPECT_THAT(text, HasSubstr(R"(moai_deliveries_total{outcome="retried"} 2)"));
    EXPECT_THAT(text, HasSubstr("moai_orphaned_results_total 4"));
    EXPECT_THAT(text, HasSubstr("moai_released_total 5"));
    EXPECT_THAT(text, HasSubstr("moai_in_flight 7"));
    EXPECT_THAT(text, HasSubstr("moai_connections 11"));
    EXPECT_THAT(text, HasSubstr(R"(moai_wakeups_total{reason="timer"} 1)"));
    EXPECT_THAT(text, HasSubstr("moai_safety_look_catches_total 1"));
    EXPECT_THAT(text, HasSubstr(R"(moai_reconnects_total{connection="listen"} 1)"));
    EXPECT_THAT(text, HasSubstr(R"(moai_upkeep_total{result="refused"} 1)"));
}

TEST(Metrics, CountTheDescriptorsThatAreOpenNow) {
    const Registry registry("0");
    const auto open = [&] {
        const std::string text = registry.text(), name = "\nprocess_open_fds ";
        return std::stoi(text.substr(text.find(name) + name.size()));
    };
    const int before = open();
    const base::UniqueFd one(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(open(), before + 1);
    EXPECT_THAT(registry.text(), HasSubstr("\nprocess_max_fds "));
}

TEST(Metrics, AreThereWhenNoDescriptorIsLeft) {
    const Registry registry("0");
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit none{0, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    const std::string text = registry.text();
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_THAT(text, HasSubstr("\nprocess_open_fds 0\n"));
}

TEST(Metrics, LabelApiRequestsByRouteMethodAndStatus) {
    Registry registry("0");
    registry.api_request("POST", "/events", 202, std::chrono::microseconds(1500));
    EXPECT_THAT(registry.text(), HasSubstr(R"(moai_api_requests_total{method="POST",route="/events",status="202"} 1)"));
    EXPECT_THAT(registry.text(), HasSubstr(R"(moai_api_request_seconds_bucket{le="0.002"} 1)"));
    EXPECT_THAT(registry.text(), HasSubstr(R"(moai_api_request_seconds_bucket{le="0.001"} 0)"));
}

TEST(Metrics, DoNotGrowWithTheMethodsThatClientsInvent) {
    Registry registry("0");
    registry.api_request("BREW", "unmatched", 405, {});
    registry.api_request("X\"\n", "unmatched", 405, {});
    EXPECT_THAT(registry.text(),
                HasSubstr(R"(moai_api_requests_total{method="other",route="unmatched",status="405"} 2)"));
    EXPECT_THAT(registry.text(), Not(HasSubstr("BREW")));
}

TEST(Metrics, MeasureClaimsInSeconds) {
    Registry registry("0");
    registry.claim_took(std::chrono::microseconds(2'500));
    EXPECT_THAT(registry.text(), HasSubstr(R"(moai_claim_seconds_bucket{le="0.003"} 1)"));
    EXPECT_THAT(registry.text(), HasSubstr(R"(moai_claim_seconds_bucket{le="0.002"} 0)"));
}

TEST(Metrics, MeasurePublishToFirstByteInSeconds) {
    Registry registry("0");
    registry.publish_to_first_byte(std::chrono::microseconds(2'500));
    EXPECT_THAT(registry.text(), HasSubstr(R"(moai_publish_to_first_byte_seconds_bucket{le="0.003"} 1)"));
    EXPECT_THAT(registry.text(), HasSubstr(R"(moai_publish_to_first_byte_seconds_bucket{le="0.002"} 0)"));
}

}  // namespace
}  // namespace moai::metrics
