// The small decisions of app/ that need neither a database nor a socket.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "app/api_part.hpp"
#include "app/child_process.hpp"
#include "app/counting_backend.hpp"
#include "app/data_dir.hpp"
#include "app/demo.hpp"
#include "app/postgres_binaries.hpp"
#include "app/receiver.hpp"
#include "app/server_log.hpp"
#include "app/terminal_text.hpp"
#include "config/exit_code.hpp"

namespace moai::app {
namespace {

using config::ExitCode;
using config::Failure;

TEST(PostgresVersion, IsTheMajorNumber) {
    EXPECT_EQ(parse_postgres_version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), 15);
    EXPECT_EQ(parse_postgres_version("postgres (PostgreSQL) 18beta1\n"), 18);
    EXPECT_EQ(parse_postgres_version("psql (PostgreSQL) 15.1\n"), std::nullopt);
    EXPECT_EQ(parse_postgres_version(""), std::nullopt);
}

TEST(AcceptedEvents, CountsNewOnesOnly) {
    EXPECT_EQ(accepted_events({202, R"({"id":"a","duplicate":false})"}), 1U);
    EXPECT_EQ(accepted_events({202, R"({"id":"a","duplicate":true})"}), 0U);
    EXPECT_EQ(accepted_events(
                  {202, R"({"items":[{"id":"a","duplicate":false},{"id":"b","duplicate":true},{"code":"MO422"}]})"}),
              1U);
    EXPECT_EQ(accepted_events({422, R"({"items":[{"code":"MO422"}]})"}), 0U);
    EXPECT_EQ(accepted_events({204, ""}), 0U);
}

TEST(ListenPolicy, RefusesAnAddressThatOthersReachUnlessAllowed) {
    config::Settings settings;
    settings.listen = config::parse_listen_address("127.0.0.1:3000");
    EXPECT_NO_THROW(require_safe_listen_address(settings));
    settings.listen = config::parse_listen_address("0.0.0.0:3000");
    try {
        require_safe_listen_address(settings);
        FAIL();
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.code(), ExitCode::configuration);
        EXPECT_NE(failure.hint().find("--allow-unauthenticated"), std::string::npos);
    }
    settings.allow_unauthenticated = true;
    EXPECT_NO_THROW(require_safe_listen_address(settings));
}

TEST(PsqlCommand, IsQuotedForAShell) {
    EXPECT_EQ(psql_command("host=/run/moai-x user=moai"), "psql 'host=/run/moai-x user=moai'");
    EXPECT_EQ(psql_command("host=a'b"), "psql 'host=a'\\''b'");
}

TEST(PsqlCommand, ShowsNoPassword) {
    for (const char* url : {"postgres://u:s3cret@h/d", "postgresql://u:pa?ss@h", "postgresql://u:pa#ss@h",
                            "postgresql://u@h/d?pass%77ord=x", "host=h\npassword=x", "u:secret@h/d"}) {
        EXPECT_EQ(psql_command(url), "psql \"$DATABASE_URL\"") << url;
    }
}

TEST(DataDir, KeepsEverythingInOneFolder) {
    const DataDir data_dir("/x/y");
    EXPECT_EQ(data_dir.cluster(), "/x/y/pgdata");
    EXPECT_EQ(data_dir.socket_record().parent_path(), data_dir.path());
}

TEST(DataDir, OfNobodyRunsNoDatabase) {
    EXPECT_EQ(running_embedded_database(DataDir("/nonexistent/moai")), std::nullopt);
}

/// A data folder as `moai run` leaves it while its server runs, but for the server.
struct RunningDataDir {
    RunningDataDir() {
        std::string name = "/tmp/moai-t-XXXXXX";
        folder = ::mkdtemp(name.data());
        std::string socket_name = "/tmp/moai-t-XXXXXX";
        socket_dir = ::mkdtemp(socket_name.data());
        std::ofstream(socket_dir / ".s.PGSQL.5432") << "";
        write_private_file(data_dir().socket_record(), socket_dir.string() + "\n");
        if (::geteuid() == 0) {
            const User postgres = find_user("postgres").value();
            EXPECT_EQ(::chown(socket_dir.c_str(), postgres.uid, postgres.gid), 0);
        }
        lock = lock_data_dir(data_dir());
    }
    ~RunningDataDir() {
        std::filesystem::remove_all(folder);
        std::filesystem::remove_all(socket_dir);
    }
    [[nodiscard]] DataDir data_dir() const { return DataDir(folder.string()); }
    [[nodiscard]] bool runs() const { return running_embedded_database(data_dir()).has_value(); }

    std::filesystem::path folder, socket_dir;
    base::UniqueFd lock;
};

TEST(DataDir, RunsADatabaseWhileItsLockIsHeld) {
    RunningDataDir running;
    EXPECT_TRUE(running.runs());
    running.lock.reset();
    EXPECT_FALSE(running.runs()) << "a socket that a killed moai left";
}

TEST(DataDir, TrustsNoSocketFolderThatOthersMayHaveMade) {
    const RunningDataDir running;
    ASSERT_EQ(::chmod(running.socket_dir.c_str(), 0755), 0);
    EXPECT_FALSE(running.runs()) << "open to others";
    ASSERT_EQ(::chmod(running.socket_dir.c_str(), 0700), 0);
    EXPECT_TRUE(running.runs());
    const std::filesystem::path link = running.folder / "link";
    std::filesystem::create_directory_symlink(running.socket_dir, link);
    write_private_file(running.data_dir().socket_record(), link.string() + "\n");
    EXPECT_FALSE(running.runs()) << "a link";
}

TEST(ServerLog, IsEmptiedUnderItsWriterWhenItHasGrown) {
    const RunningDataDir folder;
    const auto file = folder.data_dir().log();
    const base::UniqueFd writer = open_server_log(file);
    const auto write = [&](const std::string& text) {
        EXPECT_EQ(::write(writer.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    };
    write("first\n");
    keep_server_log_small(file, 6);
    EXPECT_EQ(read_file(file), "first\n");
    write("second\n");
    keep_server_log_small(file, 6);
    write("third\n");
    EXPECT_EQ(read_file(file), "third\n");
    EXPECT_EQ(read_file(file.string() + ".old"), "first\nsecond\n");
}

TEST(ServerLog, QuotesItsLastLinesWithoutReadingTheRest) {
    const RunningDataDir folder;
    const auto file = folder.data_dir().log();
    EXPECT_EQ(last_lines(file), "");
    std::ofstream(file) << "1\n2\n3\n4\n5\n6\n";
    EXPECT_EQ(last_lines(file), "2\n3\n4\n5\n6");
    std::ofstream(file) << std::string(100'000, 'x') << "\nend\n";
    EXPECT_LE(last_lines(file).size(), 4096U);
    EXPECT_TRUE(last_lines(file).ends_with("x\nend"));
}

TEST(TerminalText, KeepsTextOfAnyLanguage) {
    const std::string text = "Grüße, 世界 😀 Ω";
    EXPECT_EQ(terminal_text(text), text);
}

TEST(TerminalText, BlanksWhatIsNoUtf8) {
    EXPECT_EQ(terminal_text("a\xff"
                            "b\xc0\xaf"
                            "c\xe4\xb8"),
              "a b  c  ");
    EXPECT_EQ(terminal_text("\xed\xa0\x80"), "   ") << "a surrogate";
}

TEST(Receiver, TakesLoopbackAddressesOnly) {
    const auto make = [](const char* address, const std::string& secret) {
        const Receiver receiver(config::parse_listen_address(address), secret, [](const Webhook&) {});
    };
    EXPECT_NO_THROW(make("127.0.0.1:0", new_webhook_secret()));
    EXPECT_THROW(make("0.0.0.0:0", new_webhook_secret()), Failure);
}

TEST(Receiver, RefusesASecretThatIsNoneWithoutShowingIt) {
    try {
        const Receiver receiver(config::parse_listen_address("127.0.0.1:0"), "whsec_sesame", [](const Webhook&) {});
        FAIL();
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.code(), ExitCode::configuration);
        EXPECT_EQ(std::string(failure.what()).find("sesame"), std::string::npos);
    }
}

TEST(WebhookText, SaysVerdictTypeIdAttemptAgeAndBody) {
    Webhook webhook{.verified = true,
                    .verdict = "",
                    .id = "1",
                    .subscription_id = "2",
                    .attempt = "3",
                    .type = "user.created",
                    .body = "{}",
                    .since_published = std::chrono::milliseconds(5)};
    EXPECT_EQ(webhook_text(webhook), "verified  user.created  id 1  attempt 3  5 ms after it was published\n    {}\n");
    webhook.verified = false;
    webhook.verdict = "too old";
    EXPECT_TRUE(webhook_text(webhook).starts_with("NOT VERIFIED (too old)"));
}

struct HostileField {
    const char* name;
    std::string Webhook::*field;
};

class HostileWebhook : public ::testing::TestWithParam<HostileField> {};

INSTANTIATE_TEST_SUITE_P(EveryField, HostileWebhook,
                         ::testing::Values(HostileField{"verdict", &Webhook::verdict}, HostileField{"id", &Webhook::id},
                                           HostileField{"attempt", &Webhook::attempt},
                                           HostileField{"subscription", &Webhook::subscription_id},
                                           HostileField{"type", &Webhook::type}, HostileField{"body", &Webhook::body}),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST_P(HostileWebhook, SteersNoTerminal) {
    for (const std::string steering : {"\x1b[2J",
                                       "\xc2\x9b"
                                       "2J",
                                       "\x9b"
                                       "2J",
                                       "\r", "\n", "\x7f", "\xe2\x80\xae"}) {
        Webhook webhook;
        webhook.*GetParam().field = "a" + steering + "b";
        const std::string text = webhook_text(webhook);
        EXPECT_EQ(text.find("a" + steering), std::string::npos) << text;
        EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
        const std::string json = webhook_json(webhook);
        EXPECT_TRUE(std::all_of(json.begin(), json.end() - 1, [](char c) { return c >= 0x20 && c < 0x7f; })) << json;
    }
}

}  // namespace
}  // namespace moai::app
