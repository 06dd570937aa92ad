// WakeListener on one AsyncConnection.
#include "store/wake_listener.hpp"

#include "store/session_setup.hpp"

namespace moai::store {
namespace {

const std::string kWake = "moai_wake", kHelp = "moai_help", kEndpoint = "moai_endpoint";

pg::AsyncConnection::Options listener_options(const std::string& database_url, const std::string& worker_name) {
    pg::AsyncConnection::Options options{database_url, "moai worker " + worker_name, worker_session_setup()};
    options.session_setup.push_back("LISTEN " + kWake);
    options.session_setup.push_back("LISTEN " + kHelp);
    options.session_setup.push_back("LISTEN " + kEndpoint);
    return options;
}

}  // namespace

WakeListener::WakeListener(base::EventLoop& loop, const std::string& database_url, const std::string& worker_name,
                           const Callbacks& callbacks)
    : connection_(loop, listener_options(database_url, worker_name),
                  {callbacks.on_ready, callbacks.on_lost, [callbacks](const pg::Notification& notification) {
                       if (notification.channel == kWake) {
                           callbacks.on_wake(notification.sender_pid);
                       } else if (notification.channel == kHelp) {
                           callbacks.on_help();
                       } else {
                           callbacks.on_endpoint_renewed(notification.payload);
                       }
                   }}) {}

void WakeListener::start() { connection_.start(); }

void WakeListener::close() { connection_.close(); }

bool WakeListener::listening() const noexcept { return connection_.connected(); }

}  // namespace moai::store
