// How the built binary starts, refuses to start, and stops.
// Through it: cli/commands.cpp, cli/run.cpp, cli/serve.cpp, cli/work.cpp, cli/migrate.cpp, cli/validate.cpp,
// cli/version.cpp, cli/help_options.cpp, app/service.cpp, app/signals.cpp, app/database.cpp, app/database_watch.cpp,
// app/worker_part.cpp, config/command.cpp, log/log.cpp.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <regex>
#include <sstream>

#include "config/exit_code.hpp"
#include "pg/connection.hpp"
#include "support/eventually.hpp"
#include "support/fake_receiver.hpp"
#include "support/moai_process.hpp"
#include "support/paths.hpp"
#include "support/raw_client.hpp"
#include "support/test_cluster.hpp"
#include "support/test_database.hpp"

namespace moai {
namespace {

using config::ExitCode;
using test::Finished;
using test::MoaiProcess;
using test::run_moai;
using test::TestDatabase;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kNobody = "postgresql://moai@127.0.0.1:1/moai";

int code(ExitCode value) { return static_cast<int>(value); }

std::string text_of(const std::string& file) {
    std::ifstream in(test::source_dir() + "/" + file);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

std::uint16_t port_of(MoaiProcess& process) {
    return static_cast<std::uint16_t>(std::stoi(process.await(R"(API listening url=http://127\.0\.0\.1:(\d+))")));
}

test::RawResponse get(std::uint16_t port, const std::string& path) {
    test::RawClient client(port);
    EXPECT_TRUE(client.send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    return client.receive().value();
}

void change(const TestDatabase& database, const std::string& sql) {
    pg::Connection(database.admin_url(), "test").script(sql);
}

TEST(Version, IsThatOfTheBuild) {
    std::smatch match;
    const std::string cmake = text_of("CMakeLists.txt");
    ASSERT_TRUE(std::regex_search(cmake, match, std::regex(R"(project\(moai VERSION ([0-9.]+))")));
    EXPECT_EQ(run_moai({"version"}).out, "moai " + match[1].str() + "\n");
}

TEST(ConfigurationReference, IsWhatTheOptionTableSays) {
    EXPECT_EQ(run_moai({"help-options"}).out, text_of("docs/configuration.md"))
        << "moai help-options > docs/configuration.md";
}

TEST(Start, RefusesWhatItDoesNotUnderstand) {
    EXPECT_EQ(run_moai({}).code, code(ExitCode::usage));
    EXPECT_EQ(run_moai({"nope"}).code, code(ExitCode::usage));
    EXPECT_EQ(run_moai({"serve", "--nope"}).code, code(ExitCode::usage));
    const Finished bad = run_moai({"work"}, {{"MOAI_CONCURRENCY", "0"}});
    EXPECT_EQ(bad.code, code(ExitCode::configuration));
    EXPECT_THAT(bad.err, HasSubstr("moai work: --concurrency: \"0\" (from MOAI_CONCURRENCY)"));
}

TEST(Start, SaysWhatToTypeWhenNoDatabaseIsNamed) {
    const Finished finished = run_moai({"status", "--data-dir", "/nonexistent/moai"});
    EXPECT_EQ(finished.code, code(ExitCode::database_unreachable));
    EXPECT_THAT(finished.err, HasSubstr("--database-url"));
}

TEST(Start, NamesAnUnreachableDatabase) {
    for (const char* command : {"run", "serve", "work", "migrate", "validate", "status"}) {
        const Finished finished = run_moai({command, "--database-url", kNobody});
        EXPECT_EQ(finished.code, code(ExitCode::database_unreachable)) << command << finished.err;
        EXPECT_THAT(finished.err, HasSubstr("127.0.0.1")) << command;
    }
}

TEST(Start, RefusesAUrlThatCannotBeUnderstoodAndShowsNothingOfIt) {
    for (const char* command : {"run", "serve", "work", "migrate", "validate"}) {
        const Finished finished = run_moai({command, "--wait"}, {{"DATABASE_URL", "postgresql://u:Zk3/9w==@db/app"}});
        EXPECT_EQ(finished.code, code(ExitCode::configuration)) << command << finished.err;
        EXPECT_THAT(finished.err, HasSubstr("--database-url (from DATABASE_URL)")) << command;
        EXPECT_THAT(finished.err, HasSubstr("percent-encoded")) << command;
        EXPECT_THAT(finished.err, HasSubstr("hint: write @ as %40")) << command;
        EXPECT_THAT(finished.err + finished.out, Not(HasSubstr("9w"))) << command;
    }
}

TEST(Start, NamesItsDatabaseWithoutThePassword) {
    const Finished finished =
        run_moai({"serve", "--listen", "127.0.0.1:0", "--database-url", "postgresql://ann:pa?ss@127.0.0.1:1/shop"});
    EXPECT_THAT(finished.err, HasSubstr("cannot connect to ann@127.0.0.1:1/shop: "));
    EXPECT_THAT(finished.err, HasSubstr("target=ann@127.0.0.1:1/shop"));
    EXPECT_THAT(finished.err, Not(HasSubstr("pa?ss")));
}

TEST(Start, RaisesTheNumberOfFilesThatMayBeOpenToTheHardLimit) {
    const TestDatabase database;
    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    ASSERT_GT(before.rlim_max, 300U);
    // The soft limit alone, which may be put back.
    const rlimit few{300, before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
    MoaiProcess run({"run", "--listen", "127.0.0.1:0", "--database-url", database.url()});
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
    const std::string metrics = get(port_of(run), "/metrics").body;
    std::smatch told;
    ASSERT_TRUE(std::regex_search(metrics, told, std::regex(R"(\nprocess_max_fds (\S+))")));
    EXPECT_EQ(std::stod(told[1]), static_cast<double>(before.rlim_max));
}

TEST(Start, SaysWhenFewerFilesMayBeOpenThanConcurrencyNeeds) {
    const auto warned = [](const char* concurrency) {
        const auto end =
            run_moai({"work", "--database-url", "postgresql://127.0.0.1:1/x", "--concurrency", concurrency});
        return end.err.find("too few files may be open") != std::string::npos;
    };
    // In a process of its own: a hard limit that was lowered cannot be put back, and other tests need it.
    const auto judge = [&] {
        const rlimit few{300, 300};
        const bool good = setrlimit(RLIMIT_NOFILE, &few) == 0 && warned("173") && !warned("172");
        std::_Exit(good ? 0 : 1);
    };
    EXPECT_EXIT(judge(), testing::ExitedWithCode(0), "");
}

TEST(Start, NamesTheVersionOfItsHttpClient) {
    const TestDatabase database;
    MoaiProcess work({"work", "--database-url", database.url()});
    EXPECT_THAT(work.await(R"(worker started .*client="?(libcurl/\d+\.\d+\.\d+ [^"\n]*))"), HasSubstr("OpenSSL/"));
}

TEST(Start, WaitsForTheDatabaseWhenAsked) {
    test::TestCluster cluster;
    const TestDatabase database(cluster.url());
    cluster.stop();
    MoaiProcess serve({"serve", "--wait", "--listen", "127.0.0.1:0", "--database-url", database.url()});
    serve.await("trying again");
    cluster.start();
    EXPECT_NE(port_of(serve), 0);
    serve.send(SIGTERM);
    EXPECT_EQ(serve.wait(), 0) << serve.err();
}

TEST(Start, StopsWaitingAtASignal) {
    MoaiProcess serve({"serve", "--wait", "--database-url", kNobody});
    serve.await("trying again");
    serve.send(SIGINT);
    EXPECT_EQ(serve.wait(), code(ExitCode::database_unreachable));
}

TEST(Start, RefusesADatabaseWithoutTheSchemaUntilItIsMigrated) {
    const TestDatabase database(TestDatabase::Content::empty);
    for (const char* command : {"serve", "work", "validate", "status"}) {
        const Finished finished = run_moai({command, "--database-url", database.url()});
        EXPECT_EQ(finished.code, code(ExitCode::schema_missing)) << command << finished.err;
        EXPECT_THAT(finished.err, HasSubstr("moai migrate")) << command;
    }
    EXPECT_THAT(run_moai({"migrate", "--database-url", database.url()}).out, HasSubstr("the schema is current"));
    EXPECT_EQ(run_moai({"validate", "--database-url", database.url()}).code, 0);
}

TEST(Start, RefusesASchemaOfAnotherVersion) {
    const TestDatabase database;
    change(database, "UPDATE moai_private.bundle SET hash = repeat('0', 64)");
    for (const char* command : {"serve", "work", "validate"}) {
        EXPECT_EQ(run_moai({command, "--database-url", database.url()}).code, code(ExitCode::schema_older)) << command;
    }
    change(database, "INSERT INTO moai_private.migration (name) VALUES ('9999_future')");
    for (const char* command : {"serve", "work", "validate", "migrate", "run"}) {
        EXPECT_EQ(run_moai({command, "--database-url", database.url()}).code, code(ExitCode::schema_newer)) << command;
    }
}

TEST(Start, RefusesADatabaseThatIsNotUtf8) {
    const TestDatabase template_database;
    const std::string name = template_database.name() + "_ascii";
    change(template_database, "CREATE DATABASE " + name + " ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0");
    std::string url = template_database.admin_url();
    url.replace(url.find(template_database.name()), template_database.name().size(), name);
    const Finished finished = run_moai({"migrate", "--database-url", url});
    change(template_database, "DROP DATABASE " + name);
    EXPECT_EQ(finished.code, code(ExitCode::database_refused)) << finished.err;
    EXPECT_THAT(finished.err, HasSubstr("SQL_ASCII"));
}

TEST(Serve, RefusesAnAddressThatOthersReach) {
    const TestDatabase database;
    const Finished refused = run_moai({"serve", "--listen", "0.0.0.0:0", "--database-url", database.url()});
    EXPECT_EQ(refused.code, code(ExitCode::configuration));
    EXPECT_THAT(refused.err, HasSubstr("--allow-unauthenticated"));
    MoaiProcess allowed(
        {"serve", "--listen", "0.0.0.0:0", "--allow-unauthenticated", "--database-url", database.url()});
    allowed.await("API listening");
    allowed.send(SIGTERM);
    EXPECT_EQ(allowed.wait(), 0);
}

TEST(Serve, NamesABusyPortAndTheFlag) {
    const TestDatabase database;
    MoaiProcess first({"serve", "--listen", "127.0.0.1:0", "--database-url", database.url()});
    const auto port = port_of(first);
    const Finished second =
        run_moai({"serve", "--listen", "127.0.0.1:" + std::to_string(port), "--database-url", database.url()});
    EXPECT_EQ(second.code, code(ExitCode::port_busy));
    EXPECT_THAT(second.err, HasSubstr("--listen"));
    EXPECT_THAT(second.err, HasSubstr(std::to_string(port)));
}

TEST(Serve, KnowsABusyPortBeforeItLooksForTheDatabase) {
    const TestDatabase database;
    MoaiProcess first({"serve", "--listen", "127.0.0.1:0", "--database-url", database.url()});
    const std::string busy = "127.0.0.1:" + std::to_string(port_of(first));
    EXPECT_EQ(run_moai({"serve", "--wait", "--listen", busy, "--database-url", kNobody}).code,
              code(ExitCode::port_busy));
    EXPECT_EQ(run_moai({"run", "--listen", busy, "--data-dir", "/proc/nonexistent"}).code, code(ExitCode::port_busy));
}

TEST(Serve, BecomesReadyWhenTheSchemaDoesWithoutANewConnection) {
    const TestDatabase database;
    MoaiProcess serve({"serve", "--listen", "127.0.0.1:0", "--database-url", database.url()});
    const auto port = port_of(serve);
    serve.await("schema checked state=current");
    change(database, "CREATE TABLE public.was AS SELECT hash FROM moai_private.bundle");
    change(database, "UPDATE moai_private.bundle SET hash = repeat('0', 64)");
    change(database,
           "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'moai watch' AND datname = "
           "current_database()");
    serve.await("schema checked state=.functions differ");
    EXPECT_EQ(get(port, "/health/ready").status, 503);
    change(database, "UPDATE moai_private.bundle SET hash = (SELECT hash FROM public.was)");
    EXPECT_TRUE(test::eventually([&] { return get(port, "/health/ready").status == 200; }));
}

TEST(Serve, IsReadyOnceTheDatabaseIsReachedAndCurrent) {
    const TestDatabase database;
    MoaiProcess serve({"serve", "--listen", "127.0.0.1:0", "--log-format", "json", "--database-url", database.url()});
    const auto port = static_cast<std::uint16_t>(std::stoi(serve.await(R"re("url":"http://127\.0\.0\.1:(\d+)")re")));
    serve.await("\"event\":\"schema checked\"");
    EXPECT_EQ(get(port, "/health/ready").status, 200);
}

TEST(Serve, AnswersTheMetricsThatTheDocumentLists) {
    const TestDatabase database;
    MoaiProcess serve({"serve", "--listen", "127.0.0.1:0", "--database-url", database.url()});
    const std::string metrics = get(port_of(serve), "/metrics").body;
    const std::string document = text_of("docs/metrics.md");
    const std::regex family("# TYPE (moai_[a-z_]+) ");
    int families = 0;
    for (std::sregex_iterator it(metrics.begin(), metrics.end(), family); it != std::sregex_iterator();
         ++it, ++families) {
        EXPECT_THAT(document, HasSubstr("| `" + (*it)[1].str() + "` |"));
    }
    EXPECT_GT(families, 10);
}

TEST(Work, ToldToWaitForTheDiskWaitsAtEachClaimAndResultThoughTheServerWouldNot) {
    const TestDatabase database;
    change(database, "ALTER DATABASE " + database.name() + R"( SET synchronous_commit = off;
        CREATE TABLE public.seen (session text);
        GRANT INSERT ON public.seen TO PUBLIC;
        CREATE FUNCTION public.see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            INSERT INTO public.seen VALUES (current_setting('application_name') || ' ' || current_setting('synchronous_commit'));
            RETURN NULL;
        END $$;
        CREATE TRIGGER see AFTER UPDATE OR DELETE ON moai_private.delivery FOR EACH ROW EXECUTE FUNCTION public.see())");
    test::FakeReceiver receiver;
    pg::Connection sql(database.admin_url(), "test");
    sql.query("SELECT moai.create_subscription(url => $1, event_types => ARRAY['*'])", {receiver.url()});
    sql.script("SELECT moai.publish('a', '1')");
    const MoaiProcess worker({"work", "--database-url", database.url(), "--worker-name", "w", "--synchronous-commit"});
    const auto seen = [&] {
        return std::string(
            sql.query("SELECT coalesce(string_agg(DISTINCT session, ', ' ORDER BY session), '') FROM public.seen")
                .text(0, 0));
    };
    EXPECT_TRUE(test::eventually([&] { return seen() == "moai claims w on, moai results w on"; })) << seen();
}

TEST(Shutdown, DrainsAtTheFirstSignal) {
    const TestDatabase database;
    MoaiProcess run({"run", "--listen", "127.0.0.1:0", "--database-url", database.url()});
    run.await("worker listening");
    run.await("API listening");
    run.send(SIGTERM);
    EXPECT_EQ(run.wait(), 0) << run.err();
    EXPECT_THAT(run.err(), HasSubstr("stopped drained=true"));
}

TEST(Shutdown, TakesAHangupForATermination) {
    const TestDatabase database;
    const auto inherited = std::signal(SIGHUP, SIG_DFL);  // ignored where the tests were started by nohup
    MoaiProcess serve({"serve", "--listen", "127.0.0.1:0", "--database-url", database.url()});
    std::signal(SIGHUP, inherited);
    serve.await("API listening");
    serve.send(SIGHUP);
    EXPECT_EQ(serve.wait(), 0) << serve.err();
    EXPECT_THAT(serve.err(), HasSubstr("draining signal=SIGHUP"));
}

bool waits_now(const TestDatabase& database, const std::string& application) {
    return pg::Connection(database.admin_url(), "test")
               .query(
                   "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = "
                   "$1 AND wait_event_type = 'Lock'",
                   {application})
               .text(0, 0) != "0";
}

/// True once a session of this name waits for a lock in the database.
bool waits_for_a_lock(const TestDatabase& database, const std::string& application) {
    return test::eventually([&] { return waits_now(database, application); });
}

TEST(Shutdown, SaysThatTheApiCutARequestOff) {
    const TestDatabase database;
    MoaiProcess serve(
        {"serve", "--listen", "127.0.0.1:0", "--drain-timeout", "100ms", "--database-url", database.url()});
    const auto port = port_of(serve);
    pg::Connection blocker(database.admin_url(), "blocker");
    blocker.script("BEGIN; LOCK TABLE moai_private.event IN ACCESS EXCLUSIVE MODE");
    test::RawClient client(port);
    ASSERT_TRUE(client.send(test::post_request("/events", R"({"type":"a","payload":1})")));
    ASSERT_TRUE(waits_for_a_lock(database, "moai api"));
    serve.send(SIGTERM);
    EXPECT_EQ(serve.wait(), code(ExitCode::drain_incomplete)) << serve.err();
    EXPECT_THAT(serve.err(), HasSubstr("stopped drained=false"));
}

TEST(Shutdown, InterruptsAMigrationWhichLeavesNothing) {
    const TestDatabase database;
    change(database, "UPDATE moai_private.bundle SET hash = repeat('0', 64)");
    pg::Connection blocker(database.admin_url(), "blocker");
    blocker.script("BEGIN; LOCK TABLE moai_private.migration IN ACCESS EXCLUSIVE MODE");
    for (const auto& [command, expected] : {std::pair{"migrate", ExitCode::failure}, std::pair{"run", ExitCode::ok}}) {
        MoaiProcess moai(
            command == std::string("run")
                ? std::vector<std::string>{"run", "--listen", "127.0.0.1:0", "--database-url", database.url()}
                : std::vector<std::string>{"migrate", "--database-url", database.url()});
        ASSERT_TRUE(waits_for_a_lock(database, "moai migrate"));
        moai.send(SIGTERM);
        EXPECT_EQ(moai.wait(std::chrono::seconds(5)), code(expected)) << moai.err();
        EXPECT_THAT(moai.err(), HasSubstr("migration interrupted"));
        ASSERT_TRUE(test::eventually([&] {  // the server notices that its client has gone when it gets the lock
            change(database,
                   "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND "
                   "application_name = 'moai migrate'");
            return !waits_now(database, "moai migrate");
        }));
    }
    blocker.script("ROLLBACK");
    EXPECT_EQ(run_moai({"validate", "--database-url", database.url()}).code, code(ExitCode::schema_older));
}

/// A worker with one request in flight at a receiver that never answers.
struct HangingDelivery {
    explicit HangingDelivery(const std::string& drain_timeout)
        : worker({"work", "--drain-timeout", drain_timeout, "--database-url", database.url()}) {
        receiver.on("/", test::Answer{.behaviour = test::Answer::Behaviour::hang_after_request});
        EXPECT_EQ(
            run_moai({"subscribe", "--url", receiver.url("/"), "--types", "*", "--database-url", database.url()}).code,
            0);
        EXPECT_EQ(run_moai({"publish", "--type", "a", "--payload", "{}", "--database-url", database.url()}).code, 0);
        EXPECT_TRUE(receiver.wait_for(1, MoaiProcess::kPatience));
    }
    TestDatabase database;
    test::FakeReceiver receiver;
    MoaiProcess worker;
};

TEST(Shutdown, GivesUpTheDrainAtTheSecondSignal) {
    HangingDelivery hanging("60s");
    hanging.worker.send(SIGTERM);
    hanging.worker.await("draining");
    hanging.worker.send(SIGTERM);
    EXPECT_EQ(hanging.worker.wait(std::chrono::seconds(5)), code(ExitCode::drain_incomplete));
}

TEST(Shutdown, GivesUpTheDrainAtItsTimeout) {
    HangingDelivery hanging("1s");
    hanging.worker.send(SIGTERM);
    EXPECT_EQ(hanging.worker.wait(std::chrono::seconds(10)), code(ExitCode::drain_incomplete));
    EXPECT_THAT(hanging.worker.err(), HasSubstr("in_flight=1"));
}

}  // namespace
}  // namespace moai
