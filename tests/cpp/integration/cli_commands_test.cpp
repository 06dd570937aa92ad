// The commands that talk to the database, driven as a person drives them.
// Through it: cli/bad_value.cpp, cli/text_argument.cpp, cli/publish.cpp, cli/subscribe.cpp, cli/status.cpp,
// cli/dead_letters.cpp, cli/listen.cpp.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "config/exit_code.hpp"
#include "pg/connection.hpp"
#include "support/fake_receiver.hpp"
#include "support/moai_process.hpp"
#include "support/test_database.hpp"

namespace moai {
namespace {

using config::ExitCode;
using test::Finished;
using test::MoaiProcess;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

class Commands : public ::testing::Test {
protected:
    Finished moai(std::vector<std::string> arguments, const std::string& input = "") const {
        return test::run_moai(std::move(arguments), {{"DATABASE_URL", database_.url()}}, input);
    }
    std::string value(const std::string& sql) const {
        return std::string(pg::Connection(database_.admin_url(), "test").query(sql).text(0, 0));
    }

    test::TestDatabase database_;
};

TEST_F(Commands, PublishPrintsTheIdAndKeepsThePayload) {
    const std::string payload = "{\"b\": 1.50, \"a\":  \"\\u00e9\"}";
    const Finished published = moai({"publish", "--type", "user.created", "--payload", payload});
    ASSERT_EQ(published.code, 0) << published.err;
    EXPECT_THAT(published.out, MatchesRegex("[0-9a-f-]{36}\n"));
    EXPECT_EQ(value("SELECT payload FROM moai.event WHERE id = '" + published.out.substr(0, 36) + "'"), payload);
}

TEST_F(Commands, PublishReadsFileAndStandardInput) {
    const auto file = std::filesystem::temp_directory_path() / (database_.name() + ".json");
    std::ofstream(file) << "[1,2]";
    EXPECT_EQ(moai({"publish", "--type", "a", "--payload", "@" + file.string()}).code, 0);
    std::filesystem::remove(file);
    EXPECT_EQ(moai({"publish", "--type", "a", "--payload", "-"}, "{\"from\":\"stdin\"}").code, 0);
    EXPECT_EQ(value("SELECT string_agg(payload::text, ' ' ORDER BY id) FROM moai.event"), "[1,2] {\"from\":\"stdin\"}");
    EXPECT_EQ(moai({"publish", "--type", "a", "--payload", "@/nonexistent"}).code,
              static_cast<int>(ExitCode::configuration));
}

TEST_F(Commands, PublishRepeatsAKeyAndRefusesAnotherContent) {
    const Finished first = moai({"publish", "--type", "a", "--payload", "1", "--idempotency-key", "k", "--json"});
    const Finished repeat = moai({"publish", "--type", "a", "--payload", "1", "--idempotency-key", "k", "--json"});
    EXPECT_EQ(nlohmann::json::parse(first.out)["duplicate"], false);
    EXPECT_EQ(nlohmann::json::parse(repeat.out)["duplicate"], true);
    EXPECT_EQ(nlohmann::json::parse(repeat.out)["id"], nlohmann::json::parse(first.out)["id"]);
    EXPECT_EQ(nlohmann::json::parse(moai({"publish", "--type", "a", "--payload", "1", "--json"}).out)["duplicate"],
              false);
    const Finished other = moai({"publish", "--type", "a", "--payload", "2", "--idempotency-key", "k"});
    EXPECT_EQ(other.code, static_cast<int>(ExitCode::failure));
    EXPECT_THAT(other.err, HasSubstr("code: MO409"));
}

TEST_F(Commands, ErrorsShowMessageDetailHintAndCode) {
    const Finished finished = moai({"publish", "--type", "not a type", "--payload", "{}"});
    EXPECT_EQ(finished.code, static_cast<int>(ExitCode::failure));
    EXPECT_THAT(finished.err, StartsWith("moai publish: "));
    EXPECT_THAT(finished.err, HasSubstr("\n  detail: "));
    EXPECT_THAT(finished.err, HasSubstr("\n  hint: "));
    EXPECT_THAT(finished.err, HasSubstr("\n  code: MO422\n"));
}

TEST_F(Commands, PublishKeepsThePayloadsBytesAlsoWithAKey) {
    const std::string payload = "{\"b\": 1.50,  \"a\": \"\\u00e9\", \"a\": 2}";
    ASSERT_EQ(moai({"publish", "--type", "a", "--payload", "-", "--idempotency-key", "k"}, payload + "\n").code, 0);
    EXPECT_EQ(value("SELECT payload FROM moai.event"), payload);
}

TEST_F(Commands, ABadValueIsRefusedByTheNameOfItsOption) {
    const std::vector<std::string> subscribe{"subscribe", "--url", "https://x.example/", "--types", "*"};
    const std::vector<std::pair<const char*, std::vector<std::string>>> cases{
        {"--max-attempts", subscribe},
        {"--timeout", subscribe},
        {"--retry-base", subscribe},
        {"--retry-factor", subscribe},
        {"--retry-cap", subscribe},
        {"--retry-jitter", subscribe},
        {"--retry-schedule", subscribe},
        {"--give-up-on", subscribe},
        {"--max-in-flight", subscribe},
        {"--rate-limit", subscribe},
        {"--disable-after", subscribe},
        {"--headers", subscribe},
        {"--subscription", {"dead-letters", "list"}},
        {"--subscription", {"dead-letters", "redrive"}},
        {"--payload", {"publish", "--type", "a"}},
    };
    for (const auto& [option, command] : cases) {
        std::vector<std::string> arguments = command;
        arguments.insert(arguments.end(), {option, "{abc"});
        const Finished finished = moai(arguments);
        EXPECT_EQ(finished.code, static_cast<int>(ExitCode::configuration)) << option << finished.err;
        EXPECT_THAT(finished.err, HasSubstr(std::string(option) + " is not valid: ")) << option;
    }
    EXPECT_EQ(value("SELECT count(*) FROM moai.subscription"), "0");
}

TEST_F(Commands, SubscribeTakesItsSecretFromAFileOrAPipe) {
    const std::string secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
    const auto file = std::filesystem::temp_directory_path() / (database_.name() + ".secret");
    std::ofstream(file) << secret << "\n";
    for (const auto& [given, input] :
         {std::pair{"@" + file.string(), std::string()}, {std::string("-"), secret + "\n"}}) {
        const Finished made =
            moai({"subscribe", "--url", "https://x.example/", "--types", "*", "--secret", given, "--json"}, input);
        ASSERT_EQ(made.code, 0) << made.err;
        EXPECT_EQ(nlohmann::json::parse(made.out)["secret"], secret);
    }
    std::filesystem::remove(file);
    const Finished missing =
        moai({"subscribe", "--url", "https://x.example/", "--types", "*", "--secret", "@/nonexistent"});
    EXPECT_EQ(missing.code, static_cast<int>(ExitCode::configuration));
    EXPECT_THAT(missing.err, HasSubstr("--secret: cannot read /nonexistent"));
}

TEST_F(Commands, ErrorsAreJsonForWhoAskedForJson) {
    const Finished refused = moai({"publish", "--type", "not a type", "--payload", "{}", "--json"});
    const auto error = nlohmann::json::parse(refused.err);
    EXPECT_EQ(error["code"], "MO422");
    EXPECT_EQ(error["exit"], refused.code);
    EXPECT_FALSE(error["hint"].is_null());
    const Finished unnamed = test::run_moai({"status", "--json", "--data-dir", "/nonexistent/moai"});
    EXPECT_EQ(nlohmann::json::parse(unnamed.err)["exit"], static_cast<int>(ExitCode::database_unreachable));
}

TEST_F(Commands, ValidateTellsMachinesTheStateInAnyCase) {
    const auto state = [&](const Finished& finished) { return nlohmann::json::parse(finished.out)["schema"]; };
    const Finished current = moai({"validate", "--json"});
    EXPECT_EQ(current.code, 0);
    EXPECT_EQ(state(current), "current");
    const test::TestDatabase empty(test::TestDatabase::Content::empty);
    const Finished missing = test::run_moai({"validate", "--json", "--database-url", empty.url()});
    EXPECT_EQ(missing.code, static_cast<int>(ExitCode::schema_missing));
    EXPECT_EQ(state(missing), "missing");
    EXPECT_EQ(nlohmann::json::parse(missing.err)["exit"], missing.code);
    const Finished away = test::run_moai({"validate", "--json", "--database-url", "host=127.0.0.1 port=1"});
    EXPECT_EQ(away.code, static_cast<int>(ExitCode::database_unreachable));
    EXPECT_EQ(state(away), "unknown");
}

TEST_F(Commands, SubscribePassesEveryOptionOn) {
    const Finished made = moai({"subscribe",
                                "--url",
                                "https://x.example/hook",
                                "--types",
                                "a,b.*",
                                "--types",
                                "c",
                                "--format",
                                "raw",
                                "--timeout",
                                "3s",
                                "--max-attempts",
                                "4",
                                "--retry-base",
                                "PT1S",
                                "--retry-factor",
                                "2.5",
                                "--retry-cap",
                                "1 hour",
                                "--retry-jitter",
                                "0.5",
                                "--max-in-flight",
                                "7",
                                "--rate-limit",
                                "2.5",
                                "--disable-after",
                                "2 days",
                                "--method",
                                "PUT",
                                "--headers",
                                R"({"X-Region":"eu","Authorization":"Bearer x"})",
                                "--description",
                                "a \"note\"",
                                "--json"});
    ASSERT_EQ(made.code, 0) << made.err;
    const auto answer = nlohmann::json::parse(made.out);
    EXPECT_THAT(answer["secret"].get<std::string>(), StartsWith("whsec_"));
    EXPECT_EQ(
        value("SELECT (url, array_to_string(ARRAY(SELECT unnest(event_types) ORDER BY 1), ' '), format, timeout, "
              "max_attempts, "
              "retry_base, retry_factor, retry_cap, retry_jitter, max_in_flight, rate_limit, disable_after, "
              "method, headers->>'x-region', headers->>'authorization', description)::text "
              "FROM moai.subscription "
              "WHERE id = '" +
              answer["id"].get<std::string>() + "'"),
        "(https://x.example/hook,\"a b.* c\",raw,00:00:03,4,00:00:01,2.5,01:00:00,0.5,7,2.5,48:00:00,PUT,eu,***,\"a "
        "\"\"note\"\"\")");
}

TEST_F(Commands, SubscribeTakesListsOfDelaysAndOfStatuses) {
    const Finished made = moai({"subscribe", "--url", "https://x.example/", "--types", "*", "--retry-schedule",
                                "5s,1 minute,PT10M", "--give-up-on", "404,400"});
    ASSERT_EQ(made.code, 0) << made.err;
    EXPECT_EQ(value("SELECT (max_attempts, retry_schedule, give_up_on)::text FROM moai.subscription"),
              R"((4,"{00:00:05,00:01:00,00:10:00}","{400,404}"))");
}

TEST_F(Commands, ListenVerifiesAndPrintsWhatAWorkerDelivers) {
    const std::string secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
    MoaiProcess listen({"listen", "--listen", "127.0.0.1:0", "--secret", secret});
    const std::string url = listen.await("receiver listening url=(http[^ \n]+)");
    ASSERT_EQ(moai({"subscribe", "--url", url, "--types", "*", "--secret", secret}).code, 0);
    MoaiProcess work({"work", "--database-url", database_.url()});
    work.await("worker listening");
    ASSERT_EQ(moai({"publish", "--type", "user.created", "--payload", "{\"n\":1}"}).code, 0);
    listen.await(
        "verified  user\\.created  id [0-9a-f-]+  attempt 1  -?[0-9]+ ms after it was published\n    "
        ".*\"data\":\\{\"n\":1\\}");
    listen.send(SIGINT);
    EXPECT_EQ(listen.wait(), 0);
}

TEST_F(Commands, ListenRefusesWhatItsSecretDidNotSign) {
    MoaiProcess listen({"listen", "--listen", "127.0.0.1:0", "--json"},
                       {{"MOAI_SECRET", "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}});
    const std::string url = listen.await("receiver listening url=(http[^ \n]+)");
    ASSERT_EQ(moai({"subscribe", "--url", url, "--types", "*", "--max-attempts", "1"}).code, 0);
    ASSERT_EQ(moai({"publish", "--type", "a", "--payload", "{}"}).code, 0);
    MoaiProcess work({"work", "--database-url", database_.url()});
    const auto line = nlohmann::json::parse(listen.await("(\\{\"verified\".*\\})\n"));
    EXPECT_EQ(line["verified"], false);
    EXPECT_EQ(line["type"], "a");
}

TEST_F(Commands, StatusCountsForPeopleAndForMachines) {
    ASSERT_EQ(moai({"subscribe", "--url", "http://127.0.0.1:1/", "--types", "*"}).code, 0);
    ASSERT_EQ(moai({"publish", "--type", "a", "--payload", "{}"}).code, 0);
    const Finished text = moai({"status"});
    EXPECT_THAT(text.out, HasSubstr("queue          1 deliveries, 1 due, the oldest for "));
    EXPECT_THAT(text.out, HasSubstr("\n  pending      1\n"));
    EXPECT_THAT(text.out, HasSubstr("\nfinished       0 delivered\n"));
    EXPECT_THAT(text.out, HasSubstr("\nworkers        none"));
    const auto json = nlohmann::json::parse(moai({"status", "--json"}).out);
    EXPECT_EQ(json["queue"]["depth"], 1);
    EXPECT_EQ(json["history"]["delivered"], 0);
}

TEST_F(Commands, StatusDoesNotWaitForAHistoryThatTakesLongToCount) {
    pg::Connection lock(database_.url(), "moai test lock");
    lock.script("BEGIN; LOCK TABLE moai_private.outcome_held IN ACCESS EXCLUSIVE MODE");
    const Finished text = moai({"status"});
    EXPECT_EQ(text.code, 0) << text.err;
    EXPECT_THAT(text.out, HasSubstr("\nfinished       not counted"));
    EXPECT_EQ(nlohmann::json::parse(moai({"status", "--json"}).out)["history"], nullptr);
}

TEST_F(Commands, DeadLettersAreListedRedrivenAndDiscarded) {
    test::FakeReceiver receiver;
    receiver.on("/", test::Answer{.status = 500});
    ASSERT_EQ(moai({"subscribe", "--url", receiver.url("/"), "--types", "*", "--max-attempts", "1"}).code, 0);
    ASSERT_EQ(moai({"publish", "--type", "user.created", "--payload", "{}"}).code, 0);
    EXPECT_THAT(moai({"dead-letters"}).out, HasSubstr("0 dead letters"));
    const auto fail_once = [&](std::size_t requests) {
        MoaiProcess work({"work", "--database-url", database_.url()});
        EXPECT_TRUE(receiver.wait_for(requests, MoaiProcess::kPatience));
        work.send(SIGTERM);  // the drain records what became of it
        EXPECT_EQ(work.wait(), 0) << work.err();
    };
    fail_once(1);
    const auto letters = nlohmann::json::parse(moai({"dead-letters", "list", "--json"}).out);
    ASSERT_EQ(letters.size(), 1U);
    const std::string id = letters[0]["id"];
    EXPECT_THAT(moai({"dead-letters", "list"}).out, HasSubstr(id + "\n    user.created  tenant default  dead "));

    EXPECT_EQ(moai({"dead-letters", "redrive", id}).out, "1 redriven\n");
    fail_once(2);
    EXPECT_EQ(moai({"dead-letters", "discard"}).code, static_cast<int>(ExitCode::usage));
    const Finished filtered = moai({"dead-letters", "discard", id, "--tenant", "other"});
    EXPECT_EQ(filtered.code, static_cast<int>(ExitCode::configuration));
    EXPECT_THAT(filtered.err, HasSubstr("--tenant"));
    EXPECT_EQ(moai({"dead-letters", "discard", id}).out, "1 discarded\n");
    const Finished again = moai({"dead-letters", "discard", id});
    EXPECT_EQ(again.code, static_cast<int>(ExitCode::failure));
    EXPECT_THAT(again.err, HasSubstr("MO404"));
}

}  // namespace
}  // namespace moai
