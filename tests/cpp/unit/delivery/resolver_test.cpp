// Resolver: single flight, memory, deadlines, and what a look-up that hangs may not do. The look-up is injected.
#include "delivery/resolver.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "delivery/name_lookup.hpp"

namespace {

using moai::base::EventLoop;
using moai::delivery::Resolution;
using moai::delivery::Resolver;
using moai::delivery::ResolverOptions;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;
using Answer = std::shared_ptr<const Resolution>;

/// Names that begin with "hang" wait until release(); "gone" fails; "ours" is a fault of this process.
class FakeNames {
public:
    Resolver::LookUp look_up() {
        return [state = state_](const std::string& name) {
            std::unique_lock lock(state->mutex);
            ++state->asked[name];
            if (name.starts_with("hang")) {
                state->changed.wait(lock, [&] { return state->released; });
            }
            if (name == "gone") {
                return Resolution{Resolution::Status::failed, {}, "no such name"};
            }
            if (name == "ours") {
                return Resolution{Resolution::Status::our_fault, {}, "no descriptor"};
            }
            return Resolution{Resolution::Status::found, {"192.0.2.1"}, ""};
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
    ~FakeNames() { release(); }

private:
    struct State {
        std::mutex mutex;
        std::condition_variable changed;
        std::map<std::string, int> asked;
        bool released = false;
    };
    std::shared_ptr<State> state_ = std::make_shared<State>();  // shared with threads that outlive the test
};

class ResolverTest : public testing::Test {
protected:
    /// Resolves and runs the loop until the answer is there.
    Answer ask(Resolver& resolver, const std::string& name) {
        Answer result;
        resolver.resolve(name, [&](Answer answer) {
            result = std::move(answer);
            loop_.stop();
        });
        EXPECT_EQ(result, nullptr) << "answered from within resolve()";
        loop_.run();
        return result;
    }

    EventLoop loop_;
    FakeNames names_;
    ResolverOptions quick_{.threads = 2, .max_slow = 2, .deadline = milliseconds(300)};
};

TEST_F(ResolverTest, AnswersOnTheLoopAndRemembersIt) {
    Resolver resolver(loop_, {}, names_.look_up());
    EXPECT_EQ(resolver.cached("a.example"), nullptr);
    const Answer answer = ask(resolver, "a.example");
    EXPECT_EQ(answer->status, Resolution::Status::found);
    EXPECT_EQ(answer->addresses, std::vector<std::string>{"192.0.2.1"});
    EXPECT_EQ(resolver.cached("a.example"), answer);
}

TEST_F(ResolverTest, RemembersFailuresToo) {
    Resolver resolver(loop_, {}, names_.look_up());
    EXPECT_EQ(ask(resolver, "gone")->error, "no such name");
    ASSERT_NE(resolver.cached("gone"), nullptr);
    EXPECT_EQ(resolver.cached("gone")->status, Resolution::Status::failed);
}

TEST_F(ResolverTest, ForgetsAfterTheTimesToLive) {
    ResolverOptions options;
    options.positive_ttl = seconds(0);
    options.negative_ttl = seconds(0);
    Resolver resolver(loop_, options, names_.look_up());
    (void)ask(resolver, "a.example");
    (void)ask(resolver, "gone");
    EXPECT_EQ(resolver.cached("a.example"), nullptr);
    EXPECT_EQ(resolver.cached("gone"), nullptr);
}

TEST_F(ResolverTest, DoesNotRememberItsOwnFaults) {
    Resolver resolver(loop_, {}, names_.look_up());
    EXPECT_EQ(ask(resolver, "ours")->status, Resolution::Status::our_fault);
    EXPECT_EQ(resolver.cached("ours"), nullptr);
}

TEST_F(ResolverTest, LooksUpANameOnceForAllWhoAskMeanwhile) {
    Resolver resolver(loop_, {}, names_.look_up());
    int answers = 0;
    for (int i = 0; i < 100; ++i) {
        resolver.resolve("hang.example", [&](const Answer& answer) {
            EXPECT_EQ(answer->status, Resolution::Status::found);
            if (++answers == 100) {
                loop_.stop();
            }
        });
    }
    names_.release();
    loop_.run();
    EXPECT_EQ(names_.asked("hang.example"), 1);
}

TEST_F(ResolverTest, GivesUpAtTheDeadlineAndRemembersThat) {
    Resolver resolver(loop_, quick_, names_.look_up());
    const auto start = Clock::now();
    const Answer answer = ask(resolver, "hang.example");
    const auto took = Clock::now() - start;
    EXPECT_EQ(answer->status, Resolution::Status::failed);
    EXPECT_EQ(answer->error, "the look-up of hang.example took longer than 300 ms");
    EXPECT_GE(took, milliseconds(300));
    EXPECT_LT(took, seconds(5));
    EXPECT_NE(resolver.cached("hang.example"), nullptr);
}

TEST_F(ResolverTest, ANameThatHangsDoesNotDelayAnother) {
    quick_.deadline = seconds(30);
    Resolver resolver(loop_, quick_, names_.look_up());
    resolver.resolve("hang.example", [](const Answer&) { FAIL(); });
    EXPECT_EQ(ask(resolver, "a.example")->status, Resolution::Status::found);
}

TEST_F(ResolverTest, NamesPastTheirDeadlineLeaveTheirPlacesToOthers) {
    Resolver resolver(loop_, quick_, names_.look_up());
    resolver.resolve("hang1", [](const Answer&) {});
    EXPECT_EQ(ask(resolver, "hang2")->status, Resolution::Status::failed);
    EXPECT_EQ(ask(resolver, "a.example")->status, Resolution::Status::found);
}

TEST_F(ResolverTest, NamesThatHangLeaveTheirPlacesLongBeforeTheirDeadline) {
    quick_.deadline = seconds(30);
    quick_.max_slow = 10;
    Resolver resolver(loop_, quick_, names_.look_up());
    for (int i = 0; i < 10; ++i) {
        resolver.resolve("hang" + std::to_string(i), [](const Answer&) { FAIL(); });
    }
    EXPECT_EQ(ask(resolver, "a.example")->status, Resolution::Status::found);
}

TEST_F(ResolverTest, SaysItIsOurFaultWhenNoThreadBecomesFree) {
    quick_.max_slow = 0;
    Resolver resolver(loop_, quick_, names_.look_up());
    resolver.resolve("hang1", [](const Answer&) {});
    (void)ask(resolver, "hang2");
    const Answer answer = ask(resolver, "a.example");
    EXPECT_EQ(answer->status, Resolution::Status::our_fault);
    EXPECT_EQ(answer->error, "no look-up of a name became possible within 300 ms");
    EXPECT_EQ(resolver.cached("a.example"), nullptr);
    EXPECT_EQ(names_.asked("a.example"), 0);
}

TEST_F(ResolverTest, UsesALateAnswer) {
    quick_.negative_ttl = seconds(0);
    Resolver resolver(loop_, quick_, names_.look_up());
    EXPECT_EQ(ask(resolver, "hang.example")->status, Resolution::Status::failed);
    Answer late;
    resolver.resolve("hang.example", [&](Answer answer) {
        late = std::move(answer);
        loop_.stop();
    });
    names_.release();
    loop_.run();
    EXPECT_EQ(late->status, Resolution::Status::found);
    EXPECT_EQ(names_.asked("hang.example"), 1);
}

TEST_F(ResolverTest, CanBeDestroyedWhileALookUpHangs) {
    {
        Resolver resolver(loop_, {}, names_.look_up());
        resolver.resolve("hang.example", [](const Answer&) { FAIL(); });
    }
    names_.release();
    (void)loop_.at(Clock::now() + milliseconds(20), [&] { loop_.stop(); });
    loop_.run();
}

TEST_F(ResolverTest, KeepsItsMemoryBounded) {
    ResolverOptions options;
    options.max_cached = 10;
    Resolver resolver(loop_, options, names_.look_up());
    for (int i = 0; i < 11; ++i) {
        (void)ask(resolver, "name" + std::to_string(i));
    }
    EXPECT_EQ(resolver.cached("name0"), nullptr);
    EXPECT_NE(resolver.cached("name10"), nullptr);
}

TEST(NameLookup, FindsLocalhost) {
    const Resolution answer = moai::delivery::look_up_name("localhost");
    ASSERT_EQ(answer.status, Resolution::Status::found) << answer.error;
    EXPECT_THAT(answer.addresses, testing::Contains("127.0.0.1"));
}

}  // namespace
