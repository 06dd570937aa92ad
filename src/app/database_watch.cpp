#include "app/database_watch.hpp"

#include <chrono>
#include <exception>

#include "app/database.hpp"
#include "log/log.hpp"
#include "migrate/refused.hpp"
#include "pg/error.hpp"

namespace moai::app {

using std::chrono::milliseconds;
using std::chrono::seconds;

DatabaseWatch::DatabaseWatch(const std::string& database_url, OnFailure on_failure)
    : runner_(database_url),
      on_failure_(std::move(on_failure)),
      backoff_(milliseconds(200), seconds(5)),
      connection_(loop_, {.database_url = database_url, .application_name = "moai watch", .session_setup = {}},
                  {.on_ready = [this] { connected(); },
                   .on_lost =
                       [this](const pg::Error& error) {
                           if (reachable_.exchange(false)) {
                               log::warning("database lost", {{"error", error.what()}});
                           }
                       },
                   .on_notify = nullptr}) {
    thread_ = std::thread([this] { run(); });
}

DatabaseWatch::~DatabaseWatch() {
    loop_.stop();
    thread_.join();
}

// The boundary of the watch's thread.
void DatabaseWatch::run() {
    try {
        connection_.start();
        loop_.run();
        connection_.close();
    } catch (const std::exception& error) {
        log::error("database watch failed", {{"error", error.what()}});
        reachable_ = false;
        on_failure_(error.what());
    }
}

void DatabaseWatch::connected() {
    log::info("database reachable");
    reachable_ = true;
    backoff_.reset();
    check_schema();
}

// Blocks this thread, which has nothing else to do.
void DatabaseWatch::check_schema() {
    loop_.cancel(next_look_);
    try {
        learn(runner_.check());
    } catch (const migrate::Refused& refused) {
        log::warning("schema not checked", {{"error", refused.what()}, {"hint", refused.hint()}});
        learn(std::nullopt);
    } catch (const pg::Error& error) {
        // What was known stays so: the database may just be restarting.
        log::warning("schema not checked", {{"error", error.what()}});
        look_again_later();
        return;
    }
    if (schema() != migrate::SchemaState::current) {
        look_again_later();
    }
}

void DatabaseWatch::learn(std::optional<migrate::SchemaState> state) {
    const int known = state ? static_cast<int>(*state) : kUnknown;
    if (schema_.exchange(known) != known) {
        log::info("schema checked", {{"state", schema_state_name(state)}});
    }
}

void DatabaseWatch::look_again_later() {
    next_look_ = loop_.at(std::chrono::steady_clock::now() + backoff_.next(), [this] {
        if (reachable_) {
            check_schema();
        }
    });
}

}  // namespace moai::app
