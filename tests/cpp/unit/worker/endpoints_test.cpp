#include "worker/endpoints.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

namespace moai::worker {
namespace {

using namespace std::chrono_literals;

struct EndpointsTest : ::testing::Test {
    struct Sent {
        std::string event_id, subscription_id;
        Endpoint::Ticket ticket;
    };
    Endpoints::SteadyTime now{1000h};
    std::vector<Sent> sent;
    std::vector<std::string> parked;
    bool can_send = true;
    Endpoints endpoints{
        {},
        {.send =
             [this](const Claimed& claimed, Endpoint::Ticket ticket) {
                 if (can_send) {
                     sent.push_back({claimed.delivery.event_id, claimed.delivery.subscription_id, ticket});
                 }
                 return can_send;
             },
         .park =
             [this](const Claimed& claimed) {
                 parked.push_back(claimed.delivery.event_id);
                 unsettled.push_back(claimed.delivery.subscription_id);
             }}};
    std::vector<std::string> unsettled;

    static store::ClaimedDelivery delivery(const std::string& subscription, const std::string& event) {
        store::ClaimedDelivery delivery;
        delivery.subscription_id = subscription;
        delivery.event_id = event;
        delivery.url = "https://" + subscription;
        return delivery;
    }
    void admit(const std::string& subscription, int count = 1, std::optional<int> max_in_flight = std::nullopt,
               std::optional<double> rate = std::nullopt) {
        for (int i = 0; i < count; ++i) {
            auto one = delivery(subscription, subscription + std::to_string(++number_));
            one.max_in_flight = max_in_flight;
            one.rate_limit = rate;
            endpoints.admit({one, {}, now}, now);
        }
    }
    void settle() {
        for (const auto& id : std::exchange(unsettled, {})) {
            endpoints.settled(id, now);
        }
    }
    void finish(Verdict verdict) {
        const Sent one = sent.front();
        sent.erase(sent.begin());
        endpoints.finished(one.subscription_id, one.ticket, {verdict}, "why", now);
    }
    void finish_asking_for(std::chrono::seconds rest) {
        const Sent one = sent.front();
        sent.erase(sent.begin());
        endpoints.finished(one.subscription_id, one.ticket, {Verdict::overload, rest}, "HTTP 429", now);
    }
    void wait(std::chrono::milliseconds time) {
        now += time;
        endpoints.tick(now);
    }
    store::Claim claim_of(const std::string& subscription, int count) {
        store::Claim claim;
        for (int i = 0; i < count; ++i) {
            claim.deliveries.push_back(delivery(subscription, subscription + std::to_string(++number_)));
        }
        return claim;
    }
    /// Fetches as the worker does; what came is admitted.
    Endpoints::Wanted fetch(int free, const std::string& subscription, int there_are) {
        auto wanted = endpoints.wanted(free, now);
        int count = 0;
        for (std::size_t i = 0; i < wanted.counts.size(); ++i) {
            count = wanted.subscription_ids[i] == subscription ? std::min(there_are, wanted.counts[i]) : count;
        }
        const auto claim = claim_of(subscription, count);
        for (const auto& one : claim.deliveries) {
            endpoints.admit({one, {}, now}, now);
        }
        endpoints.came(wanted, claim, now);
        return wanted;
    }
    void open(const std::string& subscription) {
        admit(subscription, 16);
        for (int i = 0; i < 20; ++i) {
            admit(subscription);
            finish(Verdict::fault);
        }
        while (!sent.empty()) {
            finish(Verdict::nothing);
        }
        settle();
        parked.clear();
    }

private:
    int number_ = 0;
};

TEST_F(EndpointsTest, WhatHasRoomIsSentAtOnceAndLeavesNoTrace) {
    admit("a", 16);
    EXPECT_EQ(sent.size(), 16U);
    EXPECT_EQ(endpoints.waiting(), 0U);
    EXPECT_FALSE(endpoints.next_at());
    EXPECT_TRUE(endpoints.saturated(now).empty());
}

TEST_F(EndpointsTest, WhatHasNoneWaitsForTheHorizonAndIsThenParked) {
    admit("a", 20);
    EXPECT_EQ(sent.size(), 16U);
    EXPECT_EQ(endpoints.waiting(), 4U);
    EXPECT_TRUE(endpoints.saturated(now).empty()) << "it may yet be quick";
    EXPECT_EQ(endpoints.next_at(), now + 100ms);
    wait(99ms);
    EXPECT_TRUE(parked.empty());
    wait(1ms);
    EXPECT_EQ(parked, (std::vector<std::string>{"a17", "a18", "a19", "a20"}));
    EXPECT_EQ(endpoints.waiting(), 0U);
    EXPECT_EQ(endpoints.saturated(now), std::vector<std::string>{"a"});
    EXPECT_FALSE(endpoints.next_at()) << "only the end of a request makes room";
}

TEST_F(EndpointsTest, AnAnswerSendsWhatWaitsInItsOrder) {
    admit("a", 18);
    finish(Verdict::alive);
    EXPECT_EQ(sent.back().event_id, "a18") << "one for the one that ended, and one that the window has grown by";
    EXPECT_EQ(sent[sent.size() - 2].event_id, "a17");
    EXPECT_EQ(endpoints.waiting(), 0U);
}

TEST_F(EndpointsTest, AnEndpointThatIsFullCostsTheOthersNothing) {
    admit("full", 100);
    admit("other", 16);
    EXPECT_EQ(std::count_if(sent.begin(), sent.end(), [](const Sent& s) { return s.subscription_id == "other"; }), 16);
    wait(100ms);
    EXPECT_EQ(endpoints.saturated(now), std::vector<std::string>{"full"});
}

TEST_F(EndpointsTest, ACrowdedEndpointAsksForAsManyAsItHasRoomFor) {
    admit("a", 17);
    wait(100ms);
    EXPECT_FALSE(endpoints.wants_parked());
    wait(100ms);
    finish(Verdict::fault);
    ASSERT_TRUE(endpoints.wants_parked());
    const auto wanted = endpoints.wanted(100, now);
    EXPECT_EQ(wanted.subscription_ids, std::vector<std::string>{"a"});
    EXPECT_EQ(wanted.counts, std::vector<int>{2}) << "the one that ended, and one more that may end as soon";
    EXPECT_FALSE(endpoints.wants_parked()) << "it is asked for";
    EXPECT_TRUE(endpoints.wanted(100, now).empty());
    endpoints.did_not_come(wanted, now);
    EXPECT_TRUE(endpoints.wants_parked());
}

TEST_F(EndpointsTest, WhatIsOnItsWayToTheDatabaseIsNotTakenForGone) {
    admit("a", 20, 4);
    wait(100ms);
    ASSERT_EQ(parked.size(), 16U);
    finish(Verdict::alive);
    EXPECT_EQ(fetch(100, "a", 0).counts.at(0), 2) << "it may ask for those that were parked before";
    EXPECT_FALSE(endpoints.saturated(now).empty()) << "none came, because none was there yet";
    EXPECT_FALSE(endpoints.wants_parked()) << "to ask again at once would be polling";
    settle();
    ASSERT_TRUE(endpoints.wants_parked());
    fetch(100, "a", 0);
    EXPECT_TRUE(endpoints.saturated(now).empty());
}

TEST_F(EndpointsTest, WhatIsParkedWhileItAsksIsAskedForAgain) {
    admit("a", 5, 4);
    wait(100ms);
    settle();
    finish(Verdict::alive);
    const auto wanted = endpoints.wanted(1, now);
    ASSERT_EQ(wanted.counts, std::vector<int>{1});
    admit("a", 3, 4);
    wait(100ms);
    settle();
    endpoints.came(wanted, {}, now);
    EXPECT_FALSE(endpoints.saturated(now).empty());
    finish(Verdict::alive);
    EXPECT_TRUE(endpoints.wants_parked());
}

TEST_F(EndpointsTest, ItIsCrowdedUntilItGetsFewerThanItAskedFor) {
    admit("a", 20, 4);
    wait(100ms);
    settle();
    for (int i = 0; i < 4; ++i) {
        finish(Verdict::alive);
    }
    fetch(100, "a", 100);
    EXPECT_FALSE(endpoints.saturated(now).empty());
    wait(200ms);
    settle();
    while (!sent.empty()) {
        finish(Verdict::alive);
    }
    wait(200ms);
    settle();
    fetch(100, "a", 1);
    EXPECT_TRUE(endpoints.saturated(now).empty());
    EXPECT_FALSE(endpoints.wants_parked());
}

TEST_F(EndpointsTest, FewSlotsAreSharedInTurn) {
    for (const char* id : {"a", "b", "c"}) {
        admit(id, 17);
    }
    wait(100ms);
    while (!sent.empty()) {
        finish(Verdict::fault);
    }
    std::vector<std::string> served;
    for (int i = 0; i < 6; ++i) {
        const auto wanted = endpoints.wanted(1, now);
        ASSERT_EQ(wanted.counts, std::vector<int>{1});
        served.push_back(wanted.subscription_ids[0]);
        endpoints.did_not_come(wanted, now);
    }
    EXPECT_EQ(served, (std::vector<std::string>{"a", "b", "c", "a", "b", "c"}));
}

TEST_F(EndpointsTest, ACrowdedEndpointThatIsFastGetsWhatIsDueDirectly) {
    admit("a", 17);
    wait(100ms);
    ASSERT_FALSE(endpoints.saturated(now).empty());
    for (int i = 0; i < 500; ++i) {
        finish(Verdict::alive);
        admit("a");
    }
    EXPECT_TRUE(endpoints.saturated(now).empty()) << "parking and fetching them would only cost";
    EXPECT_TRUE(endpoints.wants_parked());
}

TEST_F(EndpointsTest, AnOpenBreakerParksAtOnceAndSleepsUntilTheProbe) {
    open("a");
    EXPECT_EQ(endpoints.open_breakers(), 1U);
    admit("a", 3);
    EXPECT_EQ(parked.size(), 3U);
    EXPECT_TRUE(sent.empty());
    EXPECT_EQ(endpoints.saturated(now), std::vector<std::string>{"a"});
    EXPECT_FALSE(endpoints.wants_parked());
    ASSERT_TRUE(endpoints.next_at());
    EXPECT_GE(*endpoints.next_at() - now, 5s);
    EXPECT_LE(*endpoints.next_at() - now, 5500ms);
    now = *endpoints.next_at();
    endpoints.tick(now);
    EXPECT_EQ(fetch(100, "a", 1).counts, std::vector<int>{1});
    EXPECT_EQ(sent.size(), 1U);
    EXPECT_EQ(endpoints.saturated(now), std::vector<std::string>{"a"}) << "what else is due waits for the probe";
    EXPECT_FALSE(endpoints.next_at());
    finish(Verdict::alive);
    EXPECT_EQ(endpoints.open_breakers(), 0U);
    EXPECT_EQ(fetch(100, "a", 100).counts.at(0), 2 + 1) << "the ramp, and one that ended";
}

TEST_F(EndpointsTest, WithNothingParkedAnOpenBreakerWakesNobody) {
    endpoints.adopt({{.subscription_id = "a", .url = "https://a", .open = store::OpenBreaker{.probe_in = 5s}}}, now);
    EXPECT_EQ(endpoints.open_breakers(), 1U);
    EXPECT_FALSE(endpoints.next_at());
    wait(6s);
    EXPECT_EQ(endpoints.saturated(now), std::vector<std::string>{"a"}) << "half-open: one, of all that may be due";
    endpoints.were_parked({"a"}, now);
    EXPECT_EQ(fetch(100, "a", 1).counts, std::vector<int>{1});
    EXPECT_EQ(sent.size(), 1U);
}

TEST_F(EndpointsTest, TellsOnceWhenABreakerOpensAndWhenItCloses) {
    EXPECT_FALSE(endpoints.has_changes());
    open("a");
    auto changes = endpoints.take_changes(now);
    ASSERT_EQ(changes.size(), 1U);
    EXPECT_EQ(changes[0].subscription_id, "a");
    ASSERT_TRUE(changes[0].open);
    EXPECT_EQ(changes[0].open->consecutive_failures, 20);
    EXPECT_EQ(changes[0].open->times_opened, 1);
    EXPECT_EQ(changes[0].open->reason, "why");
    EXPECT_FALSE(endpoints.has_changes());
    endpoints.put_back(changes);
    EXPECT_TRUE(endpoints.has_changes());
    endpoints.were_parked({"a"}, now);
    now += 6s;
    endpoints.tick(now);
    fetch(1, "a", 1);
    finish(Verdict::alive);
    changes = endpoints.take_changes(now);
    ASSERT_EQ(changes.size(), 1U);
    EXPECT_FALSE(changes[0].open) << "what could not be told before is of the past";
}

TEST_F(EndpointsTest, AChangeThatIsPutBackDoesNotHideALaterOne) {
    open("a");
    const auto opened = endpoints.take_changes(now);
    auto another = delivery("a", "x");
    another.url = "https://elsewhere";
    endpoints.admit({another, {}, now}, now);
    endpoints.put_back(opened);
    const auto changes = endpoints.take_changes(now);
    ASSERT_EQ(changes.size(), 1U);
    EXPECT_FALSE(changes[0].open);
}

TEST_F(EndpointsTest, AnotherUrlIsAnotherEndpoint) {
    open("a");
    auto moved = delivery("a", "x");
    moved.url = "https://elsewhere";
    endpoints.admit({moved, {}, now}, now);
    EXPECT_EQ(sent.size(), 1U);
    EXPECT_EQ(endpoints.open_breakers(), 0U);
}

TEST_F(EndpointsTest, AnotherUrlThatTheDatabaseKnowsIsAnotherEndpoint) {
    open("a");
    endpoints.adopt({{.subscription_id = "a", .url = "https://elsewhere", .has_parked = true}}, now);
    EXPECT_EQ(endpoints.open_breakers(), 0U);
    EXPECT_EQ(endpoints.wanted(100, now).subscription_ids, std::vector<std::string>{"a"});
}

TEST_F(EndpointsTest, OneThatIsRenewedAsksForWhatWaitsAndTheDatabaseIsTold) {
    open("a");
    static_cast<void>(endpoints.take_changes(now));
    admit("a", 1);
    endpoints.settled("a", now);
    ASSERT_FALSE(endpoints.wants_parked());
    endpoints.renew("a", now);
    EXPECT_EQ(endpoints.wanted(100, now).subscription_ids, std::vector<std::string>{"a"});
    const auto changes = endpoints.take_changes(now);
    ASSERT_EQ(changes.size(), 1U);
    EXPECT_FALSE(changes[0].open);
    endpoints.renew("unknown here", now);
    EXPECT_FALSE(endpoints.has_changes());
}

TEST_F(EndpointsTest, ARateThatIsHeldSendsAtTheTokensTime) {
    admit("a", 16, std::nullopt, 25);
    while (!sent.empty()) {
        finish(Verdict::alive);
    }
    admit("a", 10, std::nullopt, 25);
    EXPECT_EQ(sent.size(), 9U) << "25 at once, and not one more";
    EXPECT_EQ(endpoints.waiting(), 1U);
    wait(39ms);
    EXPECT_EQ(sent.size(), 9U);
    ASSERT_TRUE(endpoints.next_at());
    now = *endpoints.next_at();
    endpoints.tick(now);
    EXPECT_EQ(sent.size(), 10U);
    EXPECT_TRUE(parked.empty());
}

TEST_F(EndpointsTest, ACrowdedEndpointWithARateSleepsUntilItsNextToken) {
    admit("a", 5, std::nullopt, 2);
    EXPECT_EQ(sent.size(), 2U);
    wait(100ms);
    EXPECT_EQ(parked.size(), 3U);
    EXPECT_FALSE(endpoints.wants_parked());
    ASSERT_TRUE(endpoints.next_at());
    EXPECT_NEAR(std::chrono::duration<double>(*endpoints.next_at() - now).count(), 0.4, 0.01);
    now = *endpoints.next_at();
    endpoints.tick(now);
    EXPECT_EQ(fetch(100, "a", 1).counts, std::vector<int>{1});
    EXPECT_EQ(sent.size(), 3U);
}

TEST_F(EndpointsTest, NewLimitsHoldFromTheNextDelivery) {
    admit("a", 3, 1);
    EXPECT_EQ(sent.size(), 1U);
    admit("a", 1, 8);
    finish(Verdict::fault);
    EXPECT_EQ(sent.size(), 1U) << "the window grows, it does not jump";
    admit("b", 20, 2);
    EXPECT_EQ(std::count_if(sent.begin(), sent.end(), [](const Sent& s) { return s.subscription_id == "b"; }), 2);
}

TEST_F(EndpointsTest, WhatCannotBeSentTakesNoRoom) {
    can_send = false;
    admit("a", 100);
    can_send = true;
    admit("a", 16);
    EXPECT_EQ(sent.size(), 16U);
}

TEST_F(EndpointsTest, AdoptsWhatTheDatabaseKnows) {
    endpoints.adopt(
        {{.subscription_id = "parked", .url = "https://parked", .max_in_flight = 3, .has_parked = true},
         {.subscription_id = "open",
          .url = "https://open",
          .has_parked = true,
          .open = store::OpenBreaker{.probe_in = 9s, .consecutive_failures = 31, .times_opened = 2, .reason = "dns"}}},
        now);
    EXPECT_EQ(endpoints.saturated(now), (std::vector<std::string>{"open", "parked"}));
    EXPECT_EQ(endpoints.next_at(), now + 9s);
    const auto wanted = endpoints.wanted(100, now);
    EXPECT_EQ(wanted.subscription_ids, std::vector<std::string>{"parked"});
    EXPECT_EQ(wanted.counts, std::vector<int>{3});
    EXPECT_FALSE(endpoints.has_changes()) << "it is no news";
}

TEST_F(EndpointsTest, WhatIsKnownHereGoesBeforeWhatIsRead) {
    open("a");
    const auto before = endpoints.take_changes(now);
    endpoints.adopt({{.subscription_id = "a", .url = "https://a", .has_parked = true}}, now);
    EXPECT_EQ(endpoints.open_breakers(), 1U);
    EXPECT_GE(*endpoints.next_at(), now + 5s);
}

TEST_F(EndpointsTest, TakesBackAllThatWaits) {
    admit("a", 18);
    admit("b", 17);
    EXPECT_EQ(endpoints.take_waiting().size(), 3U);
    EXPECT_EQ(endpoints.waiting(), 0U);
    wait(100ms);
    EXPECT_TRUE(parked.empty());
    EXPECT_FALSE(endpoints.next_at());
}

TEST_F(EndpointsTest, TicksAtItsOwnTimesComeToAnEnd) {
    admit("a", 40, 2, 3);
    admit("b", 40);
    open("c");
    endpoints.were_parked({"c"}, now);
    const auto until = now + 4s;
    int ticks = 0;
    while (endpoints.next_at() && *endpoints.next_at() < until && ++ticks < 1000) {
        now = *endpoints.next_at();
        endpoints.tick(now);
        const auto next = endpoints.next_at();
        ASSERT_TRUE(!next || *next > now);
    }
    EXPECT_LT(ticks, 30);
}

TEST_F(EndpointsTest, ForgetsOnlyThoseWithNothingToRemember) {
    open("open");
    admit("busy");
    for (int i = 0; i < 5000; ++i) {
        admit("idle" + std::to_string(i));
        const Sent one = sent.back();
        sent.pop_back();
        endpoints.finished(one.subscription_id, one.ticket, {Verdict::alive}, "", now);
    }
    EXPECT_EQ(endpoints.saturated(now), std::vector<std::string>{"open"});
    finish(Verdict::alive);
    EXPECT_TRUE(sent.empty());
}

TEST_F(EndpointsTest, OneThatAsksToBeLeftAloneIsParkedUntilThenAndTheDatabaseIsTold) {
    admit("a");
    finish_asking_for(60s);
    EXPECT_EQ(endpoints.saturated(now), std::vector<std::string>{"a"});
    const auto changes = endpoints.take_changes(now);
    ASSERT_EQ(changes.size(), 1U);
    ASSERT_TRUE(changes[0].open);
    EXPECT_EQ(changes[0].open->probe_in, 60s);
    EXPECT_EQ(changes[0].open->times_opened, 0);
    EXPECT_EQ(changes[0].open->reason, "HTTP 429");
    admit("a");
    admit("b");
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].subscription_id, "b");
}

}  // namespace
}  // namespace moai::worker
