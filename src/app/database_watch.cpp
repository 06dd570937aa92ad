#include "app/database_watch.hpp"

#include "app/database.hpp"
#include "log/log.hpp"
#include "pg/error.hpp"

namespace moai::app {

DatabaseWatch::DatabaseWatch(const std::string& database_url)
    : runner_(database_url),
      connection_(loop_, {.database_url = database_url, .application_name = "moai watch", .session_setup = {}},
                  {.on_ready =
                       [this] {
                           log::info("database reachable");
                           reachable_ = true;
                           check_schema();
                       },
                   .on_lost =
                       [this](const pg::Error& error) {
                           if (reachable_.exchange(false)) {
                               log::warning("database lost", {{"error", error.what()}});
                           }
                       },
                   .on_notify = [](const std::string&) {}}) {
    thread_ = std::thread([this] {
        connection_.start();
        loop_.run();
        connection_.close();
    });
}

DatabaseWatch::~DatabaseWatch() {
    loop_.stop();
    thread_.join();
}

// Blocks this thread, which has nothing else to do.
void DatabaseWatch::check_schema() {
    try {
        const migrate::SchemaState state = runner_.check();
        schema_ = state;
        log::info("schema checked", {{"state", schema_state_name(state)}});
        return;
    } catch (const migrate::Refused& refused) {
        log::error("database refused", {{"error", refused.what()}, {"hint", refused.hint()}});
        schema_ = migrate::SchemaState::missing;
        return;
    } catch (const pg::Error& error) {
        log::warning("schema not checked, trying again", {{"error", error.what()}});
    }
    static_cast<void>(loop_.at(std::chrono::steady_clock::now() + std::chrono::seconds(1), [this] {
        if (reachable_) {
            check_schema();
        }
    }));
}

}  // namespace moai::app
