// Replacing a subscription's secret through the running program: what verifies before, meanwhile and afterwards.
#include <gtest/gtest.h>

#include <ctime>

#include "delivery/signature.hpp"
#include "support/eventually.hpp"
#include "support/fake_receiver.hpp"
#include "support/json_text.hpp"
#include "support/moai_process.hpp"
#include "support/moai_sql.hpp"
#include "support/rest_client.hpp"
#include "support/test_database.hpp"

namespace moai::test {
namespace {

using namespace std::chrono_literals;
using delivery::Verdict;

struct Rotation : ::testing::Test {
    TestDatabase database;
    FakeReceiver receiver;
    MoaiProcess moai{server("run", database.url())};
    RestClient api{api_port(moai)};
    pg::Connection sql{database.admin_url(), "test"};

    /// The new secret.
    std::string rotate(const std::string& subscription, const std::string& document) {
        const auto answer = api.post("/subscriptions/" + subscription + "/rotate-secret", document);
        EXPECT_EQ(answer.status, 200) << answer.body;
        return json_at(answer.body, "/secret");
    }
    /// The next request that comes after another event is published.
    ReceivedRequest next_request() {
        receiver.clear();
        publish(sql);
        EXPECT_TRUE(receiver.wait_for(1, 20s));
        return receiver.requests().at(0);
    }
};

bool verifies(const ReceivedRequest& request, const std::string& secret) {
    return delivery::verify(delivery::Secret::parse(secret), request.header("webhook-id"),
                            request.header("webhook-timestamp"), request.header("webhook-signature"), request.body,
                            std::time(nullptr)) == Verdict::accepted;
}

TEST_F(Rotation, BothSecretsVerifyUntilTheOverlapHasEndedAndThenTheNewOneAlone) {
    const auto [id, first] = subscribe(sql, receiver.url());
    EXPECT_TRUE(verifies(next_request(), first));

    const std::string second = rotate(id, R"({"overlap":"1 hour"})");
    const auto meanwhile = next_request();
    EXPECT_TRUE(verifies(meanwhile, first));
    EXPECT_TRUE(verifies(meanwhile, second));

    // Time travel: the hour is over.
    sql.script("UPDATE moai_private.subscription SET old_until = ARRAY[now()]");
    const auto afterwards = next_request();
    EXPECT_FALSE(verifies(afterwards, first));
    EXPECT_TRUE(verifies(afterwards, second));
    EXPECT_EQ(afterwards.header("webhook-signature").find(' '), std::string::npos) << "one signature again";
}

TEST_F(Rotation, FromASharedSecretToAKeyPairBearsBothSignatures) {
    const auto [id, shared] = subscribe(sql, receiver.url());
    const auto pair = delivery::Secret::generate();
    rotate(id, R"({"overlap":"1 hour","secret":")" + pair.private_text() + R"("})");
    const auto meanwhile = next_request();
    EXPECT_TRUE(verifies(meanwhile, shared));
    EXPECT_TRUE(verifies(meanwhile, pair.public_text()));
    EXPECT_EQ(meanwhile.header("webhook-signature").find("v1a,"), 0U) << "the newest first";
    const auto refused = api.request("POST", "/subscriptions/" + id + "/rotate-secret", "{}");
    EXPECT_EQ(refused.status, 422) << "a pair is made by moai keygen: " << refused.body;
}

TEST_F(Rotation, WithoutAnOverlapTheOldSecretSignsNothingMoreNotEvenARetryOfAnOlderEvent) {
    receiver.on("/", [](const ReceivedRequest&, std::size_t nth) { return Answer{.status = nth == 1 ? 500 : 200}; });
    const auto [id, first] = subscribe(sql, receiver.url(), "retry_base => '1 s', retry_jitter => 0");
    const std::string event = publish(sql);
    ASSERT_TRUE(eventually([&] { return state_of(sql, event) == "retrying"; }));
    const std::string second = rotate(id, R"({"overlap":"0"})");
    ASSERT_TRUE(receiver.wait_for(2, 20s));
    const auto retry = receiver.requests().at(1);
    EXPECT_EQ(retry.header("webhook-id"), event);
    EXPECT_FALSE(verifies(retry, first));
    EXPECT_TRUE(verifies(retry, second));
}

}  // namespace
}  // namespace moai::test
