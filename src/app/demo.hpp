// What `moai run --demo` adds: a receiver, a subscription to user.*, one event, and the lines to try next.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "app/data_dir.hpp"
#include "app/receiver.hpp"
#include "base/unique_fd.hpp"
#include "config/settings.hpp"

namespace moai::app {

/// Prints each webhook it receives on standard output, from several threads, one at a time. Owned by main's thread.
class Demo {
public:
    /// Starts the receiver, points the demo's subscription at it and resumes it: the one that an earlier run made, if
    /// it is still there. Its id and secret are kept in the data folder, since the database tells a secret only once.
    /// Throws Failure(configuration) while another demo uses the folder.
    Demo(const DataDir& data_dir, const std::string& database_url);
    ~Demo();
    Demo(const Demo&) = delete;
    Demo& operator=(const Demo&) = delete;

    /// Says where everything is and what to type, then publishes one event.
    void begin(const std::string& api_url);
    /// Of its receiver, on 127.0.0.1.
    [[nodiscard]] std::uint16_t receiver_port() const noexcept { return receiver_->port(); }
    /// Pauses the subscription, which from now on nobody would hear, and stops the receiver. Throws when the receiver
    /// cannot be stopped.
    void stop();

private:
    base::UniqueFd lock_;
    std::string subscription_id_;
    std::string database_url_;
    std::unique_ptr<Receiver> receiver_;
};

/// Pauses the subscription of a demo that was killed, in a folder that no demo uses now: a `run` without --demo calls
/// it, so that nothing is sent to a port that is nobody's, or somebody else's by now. Logs what it did, or why it could
/// not.
void pause_abandoned_demo(const std::string& configured_data_dir, const std::string& database_url) noexcept;

/// The psql command line for this database. A password is not printed: $DATABASE_URL stands for it.
[[nodiscard]] std::string psql_command(const std::string& database_url);

}  // namespace moai::app
