// moai publish --file against a real database: what is in, what is not, and how to go on, whatever ends it.
// Through it: store/event_intake.cpp, app/file_publisher.cpp, cli/publish_file.cpp.
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "app/event_line.hpp"
#include "base/unique_fd.hpp"
#include "config/exit_code.hpp"
#include "pg/connection.hpp"
#include "support/database_proxy.hpp"
#include "support/eventually.hpp"
#include "support/moai_process.hpp"
#include "support/moai_sql.hpp"
#include "support/pgbouncer.hpp"
#include "support/test_cluster.hpp"
#include "support/test_database.hpp"

namespace moai::test {
namespace {

using config::ExitCode;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

std::string keyed(int number) {
    return fmt::format(R"({{"type":"a.b","idempotency_key":"k{0}","payload":{{"n":{0}}}}})", number);
}

std::string keyed_lines(int count) {
    std::string lines;
    for (int i = 1; i <= count; ++i) {
        lines += keyed(i) + "\n";
    }
    return lines;
}

/// Does the process have this signal blocked?
bool blocks(pid_t pid, int signal) {
    std::ifstream status(fmt::format("/proc/{}/status", pid));
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("SigBlk:")) {
            return (std::stoull(line.substr(7), nullptr, 16) >> static_cast<unsigned>(signal - 1) & 1U) != 0;
        }
    }
    return false;
}

class PublishFile : public ::testing::Test {
protected:
    TestDatabase database_;
    pg::Connection sql_{database_.admin_url(), "test"};
    const std::filesystem::path file_ = std::filesystem::temp_directory_path() / (database_.name() + ".ndjson");

    ~PublishFile() override { std::filesystem::remove(file_); }

    void write(const std::string& lines) const { std::ofstream(file_, std::ios::binary) << lines; }

    std::vector<std::string> arguments(std::vector<std::string> more = {}) const {
        std::vector<std::string> all{"publish", "--file", file_.string()};
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }
    Finished publish(std::vector<std::string> more = {}, const std::string& options = "") const {
        return run_moai(arguments(std::move(more)), {{"DATABASE_URL", database_.url()}, {"PGOPTIONS", options}});
    }
    /// The summary of a run that is to end with this code.
    json publish_json(ExitCode code = ExitCode::ok, std::vector<std::string> more = {}) const {
        more.emplace_back("--json");
        const Finished finished = publish(std::move(more));
        EXPECT_EQ(finished.code, static_cast<int>(code)) << finished.err;
        return json::parse(finished.out);
    }
    std::int64_t events() { return number(sql_, "SELECT count(*) FROM moai.event"); }

    /// A transaction that has taken the key `key` and keeps it.
    pg::Connection holder_of(const std::string& key) const {
        pg::Connection holder(database_.url(), "moai test holder");
        holder.script("BEGIN; SELECT moai.publish('held', '1', idempotency_key => '" + key + "')");
        return holder;
    }
    bool waits_for_a_lock() {
        return eventually([&] {
            return number(sql_,
                          "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'moai publish' AND "
                          "wait_event_type = 'Lock' AND datname = current_database()") > 0;
        });
    }
};

TEST_F(PublishFile, KeepsEveryPayloadsBytesWhateverTheFileLooksLike) {
    const std::vector<std::string> payloads{
        R"({"z":1,"a":2,"m":{"y":[],"b":{}},"a":3})",
        R"([1.0,1e5,1E+5,-0,-0.0,0.1000,1e-7,12345678901234567890123456789,0.30000000000000004])",
        R"(["\u00e9","é","\/","/","\n\t\b\f\r\"\\","\\N","\\.","\ud83d\ude00","😀","\u007f"])",
        "{\"spaces\" :\t[ 1 ,  2 ] , \"e\" : { } }",
        "null",
        "\"\"",
        "\"" + std::string(1'048'574, 'x') + "\"",  // 1 MiB with its quotes
        std::string(512, '[') + std::string(512, ']'),
    };
    std::string lines = "\xEF\xBB\xBF";
    for (std::size_t i = 0; i < payloads.size(); ++i) {
        lines += fmt::format(R"( {{"payload": {} ,"type":"n.{}"}})", payloads[i], i);
        lines += i + 1 == payloads.size() ? "" : i % 2 == 0 ? "\r\n" : "\n \t\n\n";
    }
    write(lines);
    for (const std::vector<std::string>& with :
         {std::vector<std::string>{}, {"--key-prefix", "again", "--tenant", "t"}}) {
        const json sum = publish_json(ExitCode::ok, with);
        EXPECT_EQ(sum["published"], payloads.size());
        EXPECT_EQ(sum["blank"], 6);
        for (std::size_t i = 0; i < payloads.size(); ++i) {
            EXPECT_TRUE(value(sql_, fmt::format("SELECT payload FROM moai.event WHERE type = 'n.{}' AND tenant = '{}'",
                                                i, with.empty() ? "default" : "t")) == payloads[i])
                << payloads[i].substr(0, 100);
        }
    }
}

TEST_F(PublishFile, CountsWhatIsInAsDuplicatesAndPublishesNothingTwice) {
    write(keyed_lines(2'500));
    EXPECT_EQ(publish_json()["published"], 2'500);
    write(keyed_lines(2'600));
    const json again = publish_json();
    EXPECT_EQ(again["published"], 100);
    EXPECT_EQ(again["duplicates"], 2'500);
    EXPECT_EQ(events(), 2'600);
}

TEST_F(PublishFile, KilledHalfWayAndRunAgainPublishesEachEventExactlyOnce) {
    write(keyed_lines(20'000));
    {
        MoaiProcess first(arguments(), {{"DATABASE_URL", database_.url()}});
        ASSERT_TRUE(eventually([&] { return events() >= 2'000; }));
        first.send(SIGKILL);
        EXPECT_EQ(first.wait(), 128 + SIGKILL);
    }
    const std::int64_t in = events();
    ASSERT_LT(in, 20'000);
    const json again = publish_json();
    // What the killed one had begun may have been committed after we counted.
    EXPECT_GE(again["duplicates"], in);
    EXPECT_EQ(again["published"].get<int>() + again["duplicates"].get<int>(), 20'000);
    EXPECT_EQ(value(sql_, "SELECT count(*) || ' ' || count(DISTINCT payload::text) FROM moai.event"), "20000 20000");
}

TEST_F(PublishFile, TwiceAtTheSameTimePublishesEachEventExactlyOnce) {
    write(keyed_lines(5'000));
    MoaiProcess one(arguments({"--json"}), {{"DATABASE_URL", database_.url()}});
    MoaiProcess two(arguments({"--json"}), {{"DATABASE_URL", database_.url()}});
    EXPECT_EQ(one.wait(), 0) << one.err();
    EXPECT_EQ(two.wait(), 0) << two.err();
    EXPECT_EQ(json::parse(one.out())["published"].get<int>() + json::parse(two.out())["published"].get<int>(), 5'000);
    EXPECT_EQ(events(), 5'000);
}

TEST_F(PublishFile, InterruptedWhileItWaitsSaysWhatIsInAndHowToGoOn) {
    write(keyed_lines(3'000));
    {
        const pg::Connection holder = holder_of("k2500");
        MoaiProcess process(arguments(), {{"DATABASE_URL", database_.url()}});
        ASSERT_TRUE(waits_for_a_lock());
        process.send(SIGINT);
        EXPECT_EQ(process.wait(), static_cast<int>(ExitCode::interrupted));
        EXPECT_THAT(process.err(), HasSubstr("SIGINT after line 2000 of " + file_.string()));
        EXPECT_THAT(process.err(), HasSubstr("run the same command again"));
        EXPECT_THAT(process.out(), HasSubstr("2000 published, 0 duplicates"));
        EXPECT_EQ(events(), 2'000);
    }
    const json again = publish_json();
    EXPECT_EQ(again["published"], 1'000);
    EXPECT_EQ(again["duplicates"], 2'000);
}

/// A named pipe in the place of the file, held open for writing.
struct Pipe {
    explicit Pipe(const std::filesystem::path& path) {
        if (mkfifo(path.c_str(), 0600) != 0) {
            throw std::runtime_error("mkfifo");
        }
        end.reset(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    }
    void say(const std::string& text) const {
        if (::write(end.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
            throw std::runtime_error("write");
        }
    }
    base::UniqueFd end;
};

TEST_F(PublishFile, PublishesWhatAPipeHasBroughtBeforeItWaitsForMore) {
    Pipe pipe(file_);
    MoaiProcess process(arguments(), {{"DATABASE_URL", database_.url()}});
    pipe.say(keyed(1) + "\n{\"type\":\"a\",");
    ASSERT_TRUE(eventually([&] { return events() == 1; })) << process.err();
    pipe.say("\"payload\":[]}\n");
    ASSERT_TRUE(eventually([&] { return events() == 2; })) << process.err();
    // It waits for a line now.
    process.send(SIGTERM);
    EXPECT_EQ(process.wait(), static_cast<int>(ExitCode::interrupted));
    EXPECT_THAT(process.err(), HasSubstr("go on with --from-line 3"));
}

TEST_F(PublishFile, ASecondSignalEndsItThoughTheServerDoesNotAnswer) {
    write(keyed_lines(1'001));
    const pg::Connection holder = holder_of("k1001");
    MoaiProcess process(arguments(), {{"DATABASE_URL", database_.url()}});
    ASSERT_TRUE(waits_for_a_lock());
    const auto backend = static_cast<pid_t>(number(
        sql_,
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'moai publish' AND datname = current_database()"));
    ASSERT_EQ(::kill(backend, SIGSTOP), 0);
    process.send(SIGINT);
    // Taken: the next one is let through.
    EXPECT_TRUE(eventually([&] { return !blocks(process.pid(), SIGINT); }));
    process.send(SIGINT);
    EXPECT_EQ(process.wait(), 128 + SIGINT);
    EXPECT_EQ(::kill(backend, SIGCONT), 0);
}

TEST_F(PublishFile, StopsBeforeTheFirstLineThatIsRefused) {
    // By the database in the midst of a batch, and by the reader.
    for (const auto& [bad, said] : {std::pair{R"({"type":"a.b","idempotency_key":"bad"})", "payload is missing"},
                                    {R"({"type":"a.b","payload":)", "the line ends inside its JSON, at byte 24"},
                                    {R"({"type":"not a type","payload":1})", "type"}}) {
        sql_.script("TRUNCATE moai_private.event, moai_private.idempotency_key");
        std::string lines = keyed_lines(1'199);
        lines += std::string(bad) + "\n" + keyed(1'201) + "\n" + bad + "\n";
        write(lines);
        const Finished stopped = publish();
        EXPECT_EQ(stopped.code, static_cast<int>(ExitCode::failure));
        EXPECT_THAT(stopped.err, HasSubstr(file_.string() + ":1200: "));
        EXPECT_THAT(stopped.err, HasSubstr(said));
        EXPECT_THAT(stopped.err, HasSubstr("\n  hint: "));
        EXPECT_THAT(stopped.err, Not(HasSubstr(":1202: ")));
        EXPECT_THAT(stopped.out, HasSubstr("1199 published, 0 duplicates, 1 refused"));
        EXPECT_EQ(events(), 1'199);
        write(keyed_lines(1'201));
        const json again = publish_json();
        EXPECT_EQ(again["published"], 2);
        EXPECT_EQ(again["duplicates"], 1'199);
    }
}

TEST_F(PublishFile, ToldToReportPublishesAllOthersAndTellsEachBadLineInOrder) {
    write(keyed(1) + "\nnonsense\n" + keyed(2) + "\n{\"type\":\"a\"}\n" +
          R"({"type":"a","payload":1,"idempotency_key":"k1"})" + "\n" + keyed(3) + "\n" +
          std::string(app::kLongestEventLine + 1, ' ') + "\n[1]\n" + keyed(4));
    const Finished finished = publish({"--on-error", "report", "--json"});
    EXPECT_EQ(finished.code, static_cast<int>(ExitCode::failure));
    const json sum = json::parse(finished.out);
    EXPECT_EQ(sum["published"], 4);
    EXPECT_EQ(sum["refused"], 5);
    EXPECT_EQ(sum["complete"], true);
    std::vector<std::pair<int, std::string>> told;
    std::istringstream err(finished.err);
    for (std::string line; std::getline(err, line);) {
        const json one = json::parse(line);
        if (one.contains("line")) {
            told.emplace_back(one["line"], one["code"]);
        } else {
            EXPECT_EQ(one["exit"], static_cast<int>(ExitCode::failure));
        }
    }
    EXPECT_EQ(told, (decltype(told){{2, "MO400"}, {4, "MO422"}, {5, "MO409"}, {7, "MO422"}, {8, "MO422"}}));
}

TEST_F(PublishFile, TakesTheLongestPayloadAndRefusesALongerOneByName) {
    const auto line = [](std::size_t payload, std::size_t blanks) {
        return R"({"type":"a","payload":")" + std::string(payload - 2, 'x') + "\"" + std::string(blanks, ' ') + "}\n";
    };
    const std::size_t most = 1'048'576;
    const std::size_t envelope = line(most, 0).size() - 1;
    write(line(most, app::kLongestEventLine - envelope) + line(most + 1, 0) +
          line(most, app::kLongestEventLine - envelope + 1) + keyed(1));
    const Finished finished = publish({"--on-error", "report"});
    EXPECT_THAT(finished.out, HasSubstr("2 published, 0 duplicates, 2 refused"));
    EXPECT_THAT(finished.err, HasSubstr(":2: payload is 1048577 bytes long, 1048576 are allowed"));
    EXPECT_THAT(finished.err, HasSubstr(":3: the line is 1114113 bytes long, 1114112 are allowed"));
    EXPECT_EQ(value(sql_, "SELECT max(octet_length(payload::text)) FROM moai.event"), "1048576");
}

TEST_F(PublishFile, RepeatsLinesWithoutAKeyOnlyIfTheyAreGivenOne) {
    write("{\"type\":\"a\",\"payload\":1}\n{\"type\":\"a\",\"payload\":1}\n" + keyed(1));
    const Finished bare = publish();
    EXPECT_THAT(bare.err, HasSubstr("lines without an idempotency_key: 2;"));
    EXPECT_EQ(events(), 3);
    EXPECT_EQ(publish_json()["published"], 2) << "nothing knows them again";
    EXPECT_EQ(publish_json(ExitCode::ok, {"--key-prefix", "x"})["published"], 2);
    EXPECT_EQ(publish_json(ExitCode::ok, {"--key-prefix", "x"})["duplicates"], 3);
    EXPECT_EQ(value(sql_, "SELECT string_agg(key, ' ' ORDER BY key) FROM moai_private.idempotency_key"), "k1 x:1 x:2");
    // Another content in the place of a line is no repeat of it.
    write("{\"type\":\"a\",\"payload\":2}\n");
    EXPECT_THAT(publish({"--key-prefix", "x"}).err, HasSubstr("code: MO409"));
}

TEST_F(PublishFile, BeginsWithTheLineThatItIsTold) {
    write("nonsense\n" + keyed_lines(3));
    EXPECT_EQ(publish_json(ExitCode::ok, {"--from-line", "3"})["published"], 2);
    EXPECT_EQ(value(sql_, "SELECT min((payload ->> 'n')::int) FROM moai.event"), "2");
}

TEST_F(PublishFile, FindsTheOneLineThatTheWholeBatchFailsFor) {
    write(keyed_lines(50));
    const pg::Connection holder = holder_of("k33");
    const Finished finished = publish({"--on-error", "report"}, "-c lock_timeout=100ms");
    EXPECT_EQ(finished.code, static_cast<int>(ExitCode::failure));
    EXPECT_THAT(finished.err, HasSubstr(":33: canceling statement due to lock timeout"));
    EXPECT_EQ(events(), 49);
    EXPECT_THAT(publish({}, "-c lock_timeout=100ms").out, HasSubstr("0 published, 32 duplicates, 1 refused"));
}

TEST_F(PublishFile, WorksBehindAPoolOfTransactions) {
    TestCluster cluster;
    TestDatabase database(cluster.url());
    const PgBouncer bouncer(cluster.url());
    pg::Connection sql(database.admin_url(), "test");
    write(keyed_lines(6'500));
    const auto start = [&](const std::string& prefix) {
        return std::make_unique<MoaiProcess>(
            arguments({"--json", "--key-prefix", prefix, "--tenant", prefix}),
            MoaiProcess::Variables{{"DATABASE_URL", bouncer.url(database.name(), "moai_test")}});
    };
    // Three share two sessions, so that each gets one that another has just used.
    const auto one = start("a"), two = start("b"), three = start("c");
    for (MoaiProcess* const process : {one.get(), two.get(), three.get()}) {
        EXPECT_EQ(process->wait(), 0) << process->err();
        EXPECT_EQ(json::parse(process->out())["published"], 6'500);
    }
    EXPECT_EQ(value(sql, "SELECT count(*) || ' ' || count(DISTINCT tenant || payload::text) FROM moai.event"),
              "19500 19500");
    EXPECT_EQ(value(sql,
                    "SELECT count(*) FROM pg_stat_activity WHERE usename = 'moai_test' AND datname = "
                    "current_database()"),
              "2")
        << "the pool's sessions live on";
    EXPECT_EQ(value(sql, "SELECT count(*) FROM pg_class WHERE relpersistence = 't'"), "0");
    // What a session was set to would reach its next client.
    pg::Connection next(bouncer.url(database.name(), "moai_test"), "next");
    EXPECT_EQ(value(next,
                    "SELECT count(*) FROM pg_settings WHERE source = 'session' AND name NOT IN "
                    "('application_name', 'client_encoding', 'DateStyle', 'TimeZone', "
                    "'standard_conforming_strings')"),
              "0");
}

TEST_F(PublishFile, CutOffSaysWhatIsCertain) {
    write(keyed_lines(1'500));
    const pg::Connection holder = holder_of("k1001");
    MoaiProcess process(arguments(), {{"DATABASE_URL", database_.url()}});
    ASSERT_TRUE(waits_for_a_lock());
    sql_.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'moai publish' AND datname "
        "= current_database()");
    EXPECT_EQ(process.wait(), static_cast<int>(ExitCode::database_unreachable));
    EXPECT_THAT(process.err(), HasSubstr("the lines up to 1000 of "));
    EXPECT_EQ(events(), 1'000);
}

TEST_F(PublishFile, WhoseCommitIsNotAnsweredSaysThatNobodyKnowsAndLearnsItFromTheKeys) {
    write(keyed_lines(1'500));
    DatabaseProxy network(database_.url());
    network.lose_the_answer_to(std::string("COMMIT\0", 7));
    const Finished finished = run_moai(arguments(), {{"DATABASE_URL", network.url()}});
    EXPECT_EQ(finished.code, static_cast<int>(ExitCode::database_unreachable));
    EXPECT_EQ(network.lost(), 1);
    EXPECT_THAT(finished.err, HasSubstr("the lines up to 0 of " + file_.string() + " are in, nothing after 1000"));
    EXPECT_EQ(events(), 1'000) << "it was committed";
    const json again = publish_json();
    EXPECT_EQ(again.at("published"), 500);
    EXPECT_EQ(again.at("duplicates"), 1'000);
    EXPECT_EQ(events(), 1'500);
}

TEST_F(PublishFile, NeedsTheRightToPublishAndToATemporaryTableAndSaysSo) {
    write(keyed(1));
    const std::string login = database_.name() + "_app";
    sql_.script("CREATE ROLE " + login + " LOGIN; REVOKE TEMPORARY ON DATABASE " + database_.name() +
                " FROM PUBLIC; GRANT moai_publisher TO " + login);
    const auto run = [&] { return run_moai(arguments(), {{"DATABASE_URL", database_.url_as(login)}}); };
    const Finished without = run();
    EXPECT_EQ(without.code, static_cast<int>(ExitCode::failure));
    EXPECT_THAT(without.err, HasSubstr("GRANT TEMPORARY ON DATABASE"));
    sql_.script("GRANT TEMPORARY ON DATABASE " + database_.name() + " TO " + login);
    EXPECT_EQ(run().code, 0);
    sql_.script("REVOKE moai_publisher FROM " + login);
    EXPECT_THAT(run().err, HasSubstr("code: 42501"));
    sql_.script("DROP OWNED BY " + login + "; DROP ROLE " + login);
}

TEST_F(PublishFile, RefusesWhatCannotBeRead) {
    const Finished missing = publish();
    EXPECT_EQ(missing.code, static_cast<int>(ExitCode::configuration));
    EXPECT_THAT(missing.err, HasSubstr("--file: cannot read " + file_.string() + ": No such file"));
    const Finished folder = run_moai({"publish", "--file", "/tmp"}, {{"DATABASE_URL", database_.url()}});
    EXPECT_THAT(folder.err, HasSubstr("cannot read /tmp: Is a directory"));
    write("");
    EXPECT_EQ(publish().out.substr(0, 12), "0 published,");
    const Finished piped = run_moai({"publish", "--file", "-"}, {{"DATABASE_URL", database_.url()}}, keyed_lines(2));
    EXPECT_THAT(piped.out, HasSubstr("2 published"));
}

}  // namespace
}  // namespace moai::test
