#include "app/demo.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>

#include "config/exit_code.hpp"
#include "log/log.hpp"
#include "pg/connection.hpp"
#include "pg/connection_parameters.hpp"

namespace moai::app {
namespace {

using config::ExitCode;
using config::Failure;

constexpr std::string_view kMark = "made by moai run --demo";
constexpr std::string_view kPaused = "moai run --demo does not run";

void print(const std::string& text) {
    static std::mutex one_at_a_time;
    const std::lock_guard lock(one_at_a_time);
    std::fputs(text.c_str(), stdout);
    std::fflush(stdout);
}

struct Subscription {
    std::string id, secret, state;
};

base::UniqueFd lock_demo(const DataDir& data_dir) {
    std::filesystem::create_directories(data_dir.path());
    auto lock = try_lock(data_dir.demo_lock());
    if (!lock) {
        throw Failure(ExitCode::configuration,
                      fmt::format("--demo: another moai shows its demo with {}", data_dir.path().string()),
                      "stop that one, or choose another folder with MOAI_DATA_DIR");
    }
    return std::move(*lock);
}

void pause(pg::Connection& database, const std::string& subscription_id) {
    database.query("SELECT moai.pause_subscription($1::uuid, $2)", {subscription_id, kPaused});
}

/// The subscription of an earlier run, if the data folder remembers it and this database has it.
std::optional<Subscription> earlier_subscription(const DataDir& data_dir, pg::Connection& database) {
    const auto record = nlohmann::json::parse(read_file(data_dir.demo_record()).value_or(""), nullptr, false);
    if (!record.is_object() || !record.contains("subscription_id") || !record.contains("secret")) {
        return std::nullopt;
    }
    if (!record["subscription_id"].is_string() || !record["secret"].is_string()) {
        return std::nullopt;
    }
    Subscription earlier{record["subscription_id"], record["secret"], ""};
    const pg::Result found =
        database.query("SELECT state FROM moai.subscription WHERE id::text = $1 AND state <> 'deleted'", {earlier.id});
    if (found.rows() != 1) {
        return std::nullopt;
    }
    earlier.state = found.text(0, 0);
    return earlier;
}

Subscription make_subscription(const DataDir& data_dir, pg::Connection& database) {
    // One whose secret was lost with its record is of no more use, and would go on failing.
    database.query(
        "SELECT moai.delete_subscription(id) FROM moai.subscription WHERE description = $1 AND state <> 'deleted'",
        {kMark});
    const pg::Result made = database.query(
        "SELECT id, secret FROM moai.create_subscription(url => 'http://127.0.0.1:1/', event_types => ARRAY['user.*'], "
        "description => $1)",
        {kMark});
    Subscription subscription{std::string(made.text(0, 0)), std::string(made.text(0, 1)), "active"};
    write_private_file(
        data_dir.demo_record(),
        nlohmann::json{{"subscription_id", subscription.id}, {"secret", subscription.secret}}.dump() + "\n");
    return subscription;
}

}  // namespace

Demo::Demo(const DataDir& data_dir, const std::string& database_url)
    : lock_(lock_demo(data_dir)), database_url_(database_url) {
    pg::Connection database(database_url, "moai demo");
    auto subscription = earlier_subscription(data_dir, database);
    if (!subscription) {
        subscription = make_subscription(data_dir, database);
    }
    receiver_ = std::make_unique<Receiver>(config::ListenAddress{.host = "127.0.0.1", .port = 0}, subscription->secret,
                                           [](const Webhook& webhook) { print(webhook_text(webhook)); });
    receiver_->start();
    // The port is another one at each start; what is still to be delivered takes the new one.
    database.query("SELECT moai.update_subscription(id => $1::uuid, url => $2)",
                   {subscription->id, fmt::format("http://127.0.0.1:{}/", receiver_->port())});
    database.query("SELECT moai.resume_subscription($1::uuid)", {subscription->id});
    subscription_id_ = subscription->id;
    log::info("demo receiver listening", {{"port", receiver_->port()}});
}

Demo::~Demo() = default;

void Demo::begin(const std::string& api_url) {
    const std::string psql = psql_command(database_url_);
    print(fmt::format(R"(
moai is running, and a receiver of its own is subscribed to user.*  Try, in another terminal:

# publish by REST
curl -X POST {0}/events -H "Content-Type: application/json" -d '{{"type": "user.created", "payload": {{"userId": "123"}}}}'

# publish by SQL, in a transaction: delivered when it commits, never when it rolls back
{1} -c "BEGIN; SELECT moai.publish('user.updated', '{{\"userId\": \"123\"}}'); COMMIT"
{1} -c "BEGIN; SELECT moai.publish('user.deleted', '{{\"userId\": \"123\"}}'); ROLLBACK"

# the delivery log
curl {0}/deliveries

Ctrl-C stops moai. The receiver got:

)",
                      api_url, psql));
    pg::Connection database(database_url_, "moai demo");
    database.query("SELECT moai.publish('user.created', '{\"userId\": \"demo\"}')");
}

void Demo::stop() {
    try {
        pg::Connection database(database_url_, "moai demo");
        pause(database, subscription_id_);
    } catch (const pg::Error& error) {  // the next start looks after it
        log::warning("demo subscription not paused", {{"error", error.what()}});
    }
    receiver_->stop(std::chrono::seconds(1));
}

void pause_abandoned_demo(const std::string& configured_data_dir, const std::string& database_url) noexcept {
    try {
        const DataDir data_dir(configured_data_dir);
        std::error_code error;
        if (!std::filesystem::exists(data_dir.demo_record(), error)) {
            return;
        }
        const auto lock = try_lock(data_dir.demo_lock());
        if (!lock) {
            return;
        }
        pg::Connection database(database_url, "moai demo");
        const auto abandoned = earlier_subscription(data_dir, database);
        if (!abandoned || abandoned->state != "active") {
            return;
        }
        pause(database, abandoned->id);
        log::info("demo subscription paused", {{"subscription", abandoned->id}});
    } catch (const std::exception& error) {
        log::debug("no demo looked after", {{"error", error.what()}});
    }
}

std::string psql_command(const std::string& database_url) {
    const auto target = pg::describe_database(database_url);
    if (!target || target->has_password) {
        return "psql \"$DATABASE_URL\"";
    }
    std::string quoted = "'";
    for (const char c : database_url) {
        quoted += c == '\'' ? "'\\''" : std::string(1, c);
    }
    return "psql " + quoted + "'";
}

}  // namespace moai::app
