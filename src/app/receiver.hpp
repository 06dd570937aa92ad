// A webhook receiver on a loopback address: verifies Standard Webhooks signatures and hands each webhook on.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "config/settings.hpp"

namespace moai::app {

/// One webhook request as it came in.
struct Webhook {
    bool verified = false;
    std::string verdict;  ///< why not, for people
    std::string id, subscription_id, attempt;
    std::string type;  ///< of a standard body; empty for others
    std::string body;
    std::optional<std::chrono::milliseconds> since_published;  ///< by the body's timestamp and this machine's clock
};

/// Verified webhooks are answered 200, others 401. Methods from one thread; `on_webhook` is called from several.
class Receiver {
public:
    /// Throws Failure(configuration) for a secret that is none and for an address that is not loopback.
    Receiver(const config::ListenAddress& address, const std::string& secret,
             std::function<void(const Webhook&)> on_webhook);
    ~Receiver();
    Receiver(const Receiver&) = delete;
    Receiver& operator=(const Receiver&) = delete;

    /// Throws Failure(port_busy).
    void start();
    void stop(std::chrono::milliseconds drain);
    [[nodiscard]] std::uint16_t port() const noexcept;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// A secret as moai makes them: "whsec_" and base64 of 32 random bytes.
[[nodiscard]] std::string new_webhook_secret();

/// One or two lines for people.
[[nodiscard]] std::string webhook_text(const Webhook& webhook);
/// One line of JSON.
[[nodiscard]] std::string webhook_json(const Webhook& webhook);

}  // namespace moai::app
