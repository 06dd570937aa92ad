// moai verify: a request that a worker sent, as a receiver might have captured it, and what is told of others.
// Through it: cli/verify.cpp, cli/keygen.cpp, app/key_pair.cpp, app/receiver_secret.cpp.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "config/exit_code.hpp"
#include "support/fake_receiver.hpp"
#include "support/moai_process.hpp"
#include "support/moai_sql.hpp"
#include "support/test_database.hpp"

namespace moai::test {
namespace {

using namespace std::chrono_literals;
using config::ExitCode;
using ::testing::HasSubstr;
using ::testing::Not;

// The vector that the libraries of Standard Webhooks share.
const std::string kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const std::string kCaptured =
    "POST /hook HTTP/1.1\r\nwebhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek\r\nwebhook-timestamp: 1614265330\r\n"
    "webhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=\r\nContent-Length: 20\r\n\r\n"
    "{\"test\": 2432232314}\n";

Finished verify(const std::string& request, std::vector<std::string> more = {}, const std::string& secret = kSecret) {
    std::vector<std::string> arguments{"verify", "-", "--secret", secret};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_moai(arguments, {}, request);
}

TEST(Verify, TakesWhatAWorkerSentAndNoByteLess) {
    const TestDatabase database;
    FakeReceiver receiver;
    pg::Connection sql(database.url(), "test");
    const auto subscription = subscribe(sql, receiver.url());
    const MoaiProcess worker(server("work", database.url()));
    const std::string event = publish(sql, R"({"ä" : 1.0})");
    ASSERT_TRUE(receiver.wait_for(1, 20s));
    const auto request = receiver.requests().front();
    std::string captured;
    for (const auto& [name, value] : request.headers) {
        captured += name + ": " + value + "\r\n";
    }
    captured += "\r\n" + request.body;
    const Finished taken = verify(captured, {}, subscription.secret);
    EXPECT_EQ(taken.code, 0) << taken.err;
    EXPECT_THAT(taken.out, HasSubstr("verified: event " + event));
    captured[captured.size() - 2] = ' ';
    EXPECT_EQ(verify(captured, {}, subscription.secret).code, static_cast<int>(ExitCode::failure));
}

TEST(Verify, TakesWhatTheKeyOfKeygenSignedByItsPublicHalfAlone) {
    const TestDatabase database;
    FakeReceiver receiver;
    pg::Connection sql(database.url(), "test");
    const auto made = nlohmann::json::parse(run_moai({"keygen", "--json"}).out);
    const auto secret = made.at("secret").get<std::string>(), public_key = made.at("public_key").get<std::string>();
    const auto subscription = subscribe(sql, receiver.url(), "secret => '" + secret + "'");
    EXPECT_EQ(value(sql, "SELECT public_key FROM moai.subscription WHERE id = $1", {subscription.id}), public_key);
    const MoaiProcess worker(server("work", database.url()));
    publish(sql);
    ASSERT_TRUE(receiver.wait_for(1, 20s));
    const auto request = receiver.requests().front();
    std::string captured;
    for (const auto& [name, value] : request.headers) {
        captured += name + ": " + value + "\r\n";
    }
    captured += "\r\n" + request.body;
    EXPECT_EQ(verify(captured, {}, public_key).code, 0);
    const auto other = nlohmann::json::parse(run_moai({"keygen", "--json"}).out).at("public_key").get<std::string>();
    EXPECT_NE(other, public_key);
    EXPECT_EQ(verify(captured, {}, other).code, static_cast<int>(ExitCode::failure));
    EXPECT_THAT(run_moai({"keygen"}).out, HasSubstr("public key  whpk_"));
}

TEST(Verify, NamesWhatItCannotRead) {
    const std::string here = std::filesystem::temp_directory_path();
    const Finished directory = run_moai({"verify", here, "--secret", kSecret});
    EXPECT_EQ(directory.code, static_cast<int>(ExitCode::configuration));
    EXPECT_THAT(directory.err, HasSubstr("FILE: cannot read " + here + ": Is a directory"));
    const Finished secret = verify(kCaptured, {}, "@" + here);
    EXPECT_EQ(secret.code, static_cast<int>(ExitCode::configuration));
    EXPECT_THAT(secret.err, HasSubstr("--secret: cannot read " + here));
    const Finished both = verify(kCaptured, {}, "-");
    EXPECT_EQ(both.code, static_cast<int>(ExitCode::configuration));
    EXPECT_THAT(both.err, HasSubstr("FILE and --secret are both standard input"));
}

TEST(Verify, JudgesByTheTimeAndToleranceThatItIsGiven) {
    const Finished now = verify(kCaptured);
    EXPECT_EQ(now.code, static_cast<int>(ExitCode::failure));
    EXPECT_THAT(now.err, HasSubstr("not verified: webhook-timestamp is too old"));
    EXPECT_THAT(now.err, HasSubstr("--at"));
    EXPECT_EQ(verify(kCaptured, {"--at", "1614265630"}).code, 0);
    EXPECT_EQ(verify(kCaptured, {"--at", "1614265631"}).code, static_cast<int>(ExitCode::failure));
    EXPECT_EQ(verify(kCaptured, {"--at", "1614265631", "--tolerance", "10m"}).code, 0);
}

TEST(Verify, TellsMachinesInJson) {
    const Finished good = verify(kCaptured, {"--at", "1614265330", "--json"});
    EXPECT_EQ(good.code, 0);
    EXPECT_EQ(
        nlohmann::json::parse(good.out),
        nlohmann::json::parse(
            R"({"verified":true,"verdict":"accepted","id":"msg_p5jXN8AQM9LWM0D4loKWxJek","timestamp":"1614265330"})"));
    const Finished bad = verify(kCaptured, {"--json"});
    EXPECT_EQ(nlohmann::json::parse(bad.out)["verified"], false);
    EXPECT_EQ(nlohmann::json::parse(bad.err)["exit"], bad.code);
}

TEST(Verify, ReadsAFileAndSaysWhyItCannotOrWhatIsMissingInIt) {
    const auto file = std::filesystem::temp_directory_path() / fmt::format("moai-verify-{}", ::getpid());
    std::ofstream(file, std::ios::binary) << kCaptured;
    EXPECT_EQ(run_moai({"verify", file.string(), "--secret", kSecret, "--at", "1614265330"}).code, 0);
    std::ofstream(file, std::ios::binary) << kCaptured.substr(0, kCaptured.size() - 5);
    const Finished cut = run_moai({"verify", file.string(), "--secret", kSecret});
    std::filesystem::remove(file);
    EXPECT_EQ(cut.code, static_cast<int>(ExitCode::failure));
    EXPECT_THAT(cut.err, HasSubstr("16 of the 20 bytes"));
    const Finished none = run_moai({"verify", "/nonexistent", "--secret", kSecret});
    EXPECT_EQ(none.code, static_cast<int>(ExitCode::configuration));
    EXPECT_THAT(none.err, HasSubstr("FILE: cannot read /nonexistent"));
}

TEST(Verify, NeverShowsTheSecret) {
    for (const std::string& secret : {std::string("whsec_c2hvcnQ="), kSecret + "=="}) {
        const Finished bad = verify(kCaptured, {}, secret);
        EXPECT_EQ(bad.code, static_cast<int>(ExitCode::configuration));
        EXPECT_THAT(bad.err, HasSubstr("--secret is not valid"));
        EXPECT_THAT(bad.out + bad.err, Not(HasSubstr(secret.substr(6))));
    }
}

}  // namespace
}  // namespace moai::test
