// CurlTransport with many requests at once, endless bodies in bulk, and names that do not resolve.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "integration/delivery_client.hpp"
#include "support/fake_receiver.hpp"

namespace {

using moai::delivery::CurlTransportOptions;
using moai::delivery::Resolution;
using moai::test::Answer;
using moai::test::DeliveryClient;
using moai::test::FakeReceiver;
using moai::worker::ErrorClass;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

std::size_t resident_kib() {
    std::ifstream status("/proc/self/status");
    std::string word;
    while (status >> word) {
        if (word == "VmRSS:") {
            std::size_t kib = 0;
            status >> kib;
            return kib;
        }
    }
    return 0;
}

/// Receiver and client live in this process, so a thousand in flight need two thousand descriptors.
class DeliveryLoad : public testing::Test {
protected:
    void SetUp() override {
        rlimit limit{};
        ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
        limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 8192);
        ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
        ASSERT_GE(limit.rlim_cur, 4096U) << "this test needs 4096 descriptors";
    }
    FakeReceiver receiver_;
};

/// A look-up under the test's control: "hang…" waits for release(), which the destructor calls.
class ControlledNames {
public:
    moai::delivery::Resolver::LookUp look_up() {
        return [state = state_](const std::string& name) {
            std::unique_lock lock(state->mutex);
            ++state->asked[name];
            if (name.starts_with("hang")) {
                state->changed.wait(lock, [&] { return state->released; });
            }
            if (name.starts_with("gone")) {
                return Resolution{Resolution::Status::failed, {}, "Name or service not known"};
            }
            return Resolution{Resolution::Status::found, {"::1", "127.0.0.1"}, ""};
        };
    }
    int asked(const std::string& name) {
        const std::lock_guard lock(state_->mutex);
        return state_->asked[name];
    }
    void release() {
        const std::lock_guard lock(state_->mutex);
        state_->released = true;
        state_->changed.notify_all();
    }
    ~ControlledNames() { release(); }

private:
    struct State {
        std::mutex mutex;
        std::condition_variable changed;
        std::map<std::string, int> asked;
        bool released = false;
    };
    std::shared_ptr<State> state_ = std::make_shared<State>();
};

std::string url_of(const std::string& name, const FakeReceiver& receiver) {
    return "http://" + name + ":" + std::to_string(receiver.port()) + "/hook";
}

TEST_F(DeliveryLoad, AThousandRequestsAreInFlightAtOnceAndAllSucceed) {
    std::atomic<int> arrived{0};
    std::atomic<std::size_t> open_at_the_last{0};
    receiver_.on("*", [&](const moai::test::ReceivedRequest&, std::size_t) {
        if (++arrived == 1000) {
            open_at_the_last = receiver_.connections_open();
        }
        return Answer{.delay = seconds(3)};
    });
    DeliveryClient client;
    const std::size_t before = resident_kib();
    for (int i = 0; i < 1000; ++i) {
        auto request = DeliveryClient::request(receiver_.url("/" + std::to_string(i)), std::string(2000, 'p'));
        request.timeout = seconds(60);
        request.connect_timeout = seconds(30);
        client.send(std::move(request));
    }
    EXPECT_EQ(client.transport.in_flight(), 1000U);
    ASSERT_TRUE(client.wait_for(1000, seconds(60)));
    const std::size_t after = resident_kib();
    for (const auto& result : client.results) {
        ASSERT_EQ(result.error_class, ErrorClass::none) << result.error_detail;
    }
    EXPECT_GT(open_at_the_last, 500U);
    std::set<std::string> paths;
    for (const auto& request : receiver_.requests()) {
        paths.insert(request.path);
    }
    EXPECT_EQ(paths.size(), 1000U);
    RecordProperty("resident_kib_for_1000_in_flight", static_cast<int>(after) - static_cast<int>(before));
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    // Both ends of every connection are in this figure.
    EXPECT_LT(after, before + std::size_t{60} * 1024);
#endif
}

TEST_F(DeliveryLoad, AHundredGigabyteBodiesAtOnceCostNoMemory) {
    receiver_.on("*", Answer{.behaviour = Answer::Behaviour::endless_body});
    DeliveryClient client;
    const std::size_t before = resident_kib();
    const auto start = Clock::now();
    for (int i = 0; i < 100; ++i) {
        client.send(DeliveryClient::request(receiver_.url()));
    }
    ASSERT_TRUE(client.wait_for(100, seconds(30)));
    for (const auto& result : client.results) {
        ASSERT_EQ(result.error_class, ErrorClass::none) << result.error_detail;
        ASSERT_LE(result.response_body.size(), 16U * 1024);
    }
    EXPECT_LT(Clock::now() - start, seconds(20));
    // AddressSanitizer keeps 256 MiB of what was freed; a hundred gigabytes were on offer.
    EXPECT_LT(resident_kib(), before + std::size_t{400} * 1024);
}

TEST_F(DeliveryLoad, TenThousandRequestsOverAHundredConnectionsArriveOnceEach) {
    DeliveryClient client;
    int sent = 0;
    std::function<void()> send_next = [&] {
        if (sent < 10'000) {
            ++sent;
            auto request = DeliveryClient::request(receiver_.url());
            request.header_lines.push_back("webhook-id: " + std::to_string(sent));
            client.transport.send(std::move(request), [&](const moai::worker::TransferResult& result) {
                ASSERT_EQ(result.error_class, ErrorClass::none) << result.error_detail;
                send_next();
                if (sent == 10'000 && client.transport.in_flight() == 0) {
                    client.loop.stop();
                }
            });
        }
    };
    for (int i = 0; i < 100; ++i) {
        send_next();
    }
    (void)client.loop.at(Clock::now() + seconds(60), [&] { client.loop.stop(); });
    client.loop.run();
    EXPECT_EQ(receiver_.count(), 10'000U);
    EXPECT_EQ(receiver_.distinct_deliveries(), 10'000U);
    EXPECT_LE(receiver_.connections_accepted(), 110U);
}

TEST_F(DeliveryLoad, ANameIsLookedUpByUsAndItsAddressesAreThoseThatAreUsed) {
    ControlledNames names;
    DeliveryClient client(DeliveryClient::local_options(), names.look_up());
    // ".invalid" never exists: a request that arrives went to the address that we gave, after the first was refused.
    const auto result = client.fetch(url_of("receiver.invalid", receiver_));
    EXPECT_EQ(result.error_class, ErrorClass::none) << result.error_detail;
    EXPECT_EQ(result.remote_address, "127.0.0.1:" + std::to_string(receiver_.port()));
    EXPECT_EQ(receiver_.requests().at(0).header("host"), "receiver.invalid:" + std::to_string(receiver_.port()));
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(client.fetch(url_of("receiver.invalid", receiver_)).error_class, ErrorClass::none);
    }
    EXPECT_EQ(names.asked("receiver.invalid"), 1);
    EXPECT_EQ(receiver_.connections_accepted(), 1U);
}

TEST_F(DeliveryLoad, OddSpellingsOfANameAreStillPinned) {
    ControlledNames names;
    DeliveryClient client(DeliveryClient::local_options(), names.look_up());
    for (const std::string name : {"Receiver.INVALID", "receiver.invalid.", "localhost", "a_b.invalid"}) {
        const auto result = client.fetch(url_of(name, receiver_));
        EXPECT_EQ(result.error_class, ErrorClass::none) << name << ": " << result.error_detail;
    }
    EXPECT_EQ(names.asked("localhost"), 1);
}

TEST_F(DeliveryLoad, ANameThatDoesNotExistIsADnsError) {
    ControlledNames names;
    DeliveryClient client(DeliveryClient::local_options(), names.look_up());
    for (int i = 0; i < 2; ++i) {  // from the look-up, then from memory
        const auto result = client.fetch("http://gone.invalid/");
        EXPECT_EQ(result.error_class, ErrorClass::dns);
        EXPECT_EQ(result.error_detail, "Name or service not known");
        EXPECT_FALSE(result.connect);
    }
    EXPECT_FALSE(client.called_within_send);
    EXPECT_EQ(names.asked("gone.invalid"), 1);
}

TEST_F(DeliveryLoad, NamesThatHangDelayNobodyElseAndEndAtTheirDeadline) {
    ControlledNames names;
    auto options = DeliveryClient::local_options();
    options.resolver.deadline = milliseconds(2500);
    DeliveryClient client(options, names.look_up());
    const auto start = Clock::now();
    int hung = 0;
    for (int i = 0; i < 40; ++i) {
        const std::string name = "hang" + std::to_string(i);
        client.transport.send(DeliveryClient::request(url_of(name, receiver_)),
                              [&](const moai::worker::TransferResult& result) {
                                  EXPECT_EQ(result.error_class, ErrorClass::dns);
                                  EXPECT_NE(result.error_detail.find("took longer than 2500 ms"), std::string::npos);
                                  EXPECT_GE(Clock::now() - start, milliseconds(2500));
                                  ++hung;
                              });
    }
    for (int i = 0; i < 100; ++i) {
        client.send(DeliveryClient::request(url_of("name" + std::to_string(i) + ".invalid", receiver_)));
    }
    ASSERT_TRUE(client.wait_for(100));
    EXPECT_LT(Clock::now() - start, milliseconds(2400)) << "forty dead names must not cost others their deadline";
    EXPECT_EQ(hung, 0);
    for (const auto& result : client.results) {
        ASSERT_EQ(result.error_class, ErrorClass::none) << result.error_detail;
    }
    EXPECT_FALSE(client.wait_for(101, milliseconds(4000)));
    EXPECT_EQ(hung, 40);
    EXPECT_EQ(client.transport.in_flight(), 0U);
}

TEST_F(DeliveryLoad, ALookUpThatOutlastsTheStartDeadlineIsNotSent) {
    ControlledNames names;
    DeliveryClient client(DeliveryClient::local_options(), names.look_up());
    auto request = DeliveryClient::request(url_of("hang", receiver_));
    request.start_deadline = Clock::now() + milliseconds(50);
    (void)client.loop.at(Clock::now() + milliseconds(100), [&] { names.release(); });
    EXPECT_EQ(client.fetch(std::move(request)).error_class, ErrorClass::lease_expired);
    EXPECT_EQ(receiver_.connections_accepted(), 0U);
}

TEST_F(DeliveryLoad, TheTimeoutBeginsAfterTheLookUp) {
    ControlledNames names;
    receiver_.on("/hook", Answer{.delay = milliseconds(800)});
    DeliveryClient client(DeliveryClient::local_options(), names.look_up());
    auto request = DeliveryClient::request(url_of("hang", receiver_));
    request.timeout = milliseconds(2000);
    (void)client.loop.at(Clock::now() + milliseconds(1500), [&] { names.release(); });
    const auto result = client.fetch(std::move(request));
    EXPECT_EQ(result.error_class, ErrorClass::none) << result.error_detail;
    EXPECT_GE(result.dns, milliseconds(1450));
    EXPECT_GE(result.total, milliseconds(2200));
}

TEST_F(DeliveryLoad, ShutdownDoesNotWaitForALookUp) {
    ControlledNames names;
    const auto start = Clock::now();
    {
        DeliveryClient client(DeliveryClient::local_options(), names.look_up());
        client.send(DeliveryClient::request(url_of("hang", receiver_)));
        EXPECT_FALSE(client.wait_for(1, milliseconds(50)));
    }
    EXPECT_LT(Clock::now() - start, seconds(5));
}

TEST_F(DeliveryLoad, ADescriptorThatCannotBeHadIsOurFaultNotTheReceivers) {
    DeliveryClient client;
    rlimit old{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &old), 0);
    rlimit none = old;
    none.rlim_cur = 0;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    const auto result = client.fetch(receiver_.url());
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &old), 0);
    EXPECT_EQ(result.error_class, ErrorClass::internal);
    EXPECT_TRUE(result.never_sent);
    EXPECT_EQ(result.error_detail, "no socket: Too many open files");
}

}  // namespace
