// The small decisions of app/ that need neither a database nor a socket.
#include <gtest/gtest.h>

#include "app/api_part.hpp"
#include "app/counting_backend.hpp"
#include "app/data_dir.hpp"
#include "app/demo.hpp"
#include "app/postgres_binaries.hpp"
#include "app/receiver.hpp"
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

TEST(PsqlCommand, ShowsNoPassword) { EXPECT_EQ(psql_command("postgres://u:s3cret@h/d"), "psql \"$DATABASE_URL\""); }

TEST(DataDir, KeepsEverythingInOneFolder) {
    const DataDir data_dir("/x/y");
    EXPECT_EQ(data_dir.cluster(), "/x/y/pgdata");
    EXPECT_EQ(data_dir.socket_record().parent_path(), data_dir.path());
}

TEST(DataDir, OfNobodyRunsNoDatabase) {
    EXPECT_EQ(running_embedded_database(DataDir("/nonexistent/moai")), std::nullopt);
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

TEST(WebhookText, ShowsWhatSteersATerminalAsBlanks) {
    Webhook webhook{.verified = true,
                    .verdict = "",
                    .id = "1",
                    .subscription_id = "2",
                    .attempt = "3",
                    .type = "user.created",
                    .body = "a\x1b[2Jb",
                    .since_published = std::chrono::milliseconds(5)};
    const std::string text = webhook_text(webhook);
    EXPECT_EQ(text, "verified  user.created  id 1  attempt 3  5 ms after it was published\n    a [2Jb\n");
    webhook.verified = false;
    webhook.verdict = "too old";
    EXPECT_TRUE(webhook_text(webhook).starts_with("NOT VERIFIED (too old)"));
}

}  // namespace
}  // namespace moai::app
