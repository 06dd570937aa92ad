// moai listen: a local receiver that verifies and prints webhooks until it is stopped.
#include <fmt/format.h>

#include <cstdio>
#include <mutex>

#include "app/receiver.hpp"
#include "app/signals.hpp"
#include "cli/commands.hpp"
#include "cli/text_argument.hpp"
#include "log/log.hpp"

namespace moai::cli {

config::ExitCode listen(const config::Settings& settings) {
    app::StopSignals signals;
    std::mutex one_at_a_time;
    app::Receiver receiver(
        settings.listen, text_argument("--secret", settings.receiver_secret), [&](const app::Webhook& webhook) {
            const std::string text = settings.json ? app::webhook_json(webhook) : app::webhook_text(webhook);
            const std::lock_guard lock(one_at_a_time);
            std::fputs(text.c_str(), stdout);
            std::fflush(stdout);
        });
    receiver.start();
    config::ListenAddress address = settings.listen;
    address.port = receiver.port();
    log::info("receiver listening", {{"url", "http://" + address.text() + "/"}});
    static_cast<void>(signals.wait());
    receiver.stop(std::chrono::seconds(1));
    return config::ExitCode::ok;
}

}  // namespace moai::cli
