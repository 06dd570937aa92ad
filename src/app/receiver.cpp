#include "app/receiver.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>
#include <system_error>

#include "app/receiver_secret.hpp"
#include "app/terminal_text.hpp"
#include "config/exit_code.hpp"
#include "delivery/base64.hpp"
#include "delivery/signature.hpp"
#include "http/server.hpp"

namespace moai::app {
namespace {

using config::ExitCode;
using config::Failure;
using std::chrono::milliseconds;
using std::chrono::system_clock;

std::string header(const api::Request& request, std::string_view name) {
    const std::string* value = request.header(name);
    return value == nullptr ? "" : *value;
}

/// "2026-01-31T12:00:00.123456Z"; nothing for another form.
std::optional<system_clock::time_point> parse_timestamp(const std::string& text) {
    std::tm parts{};
    double second = 0;
    if (std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%lf", &parts.tm_year, &parts.tm_mon, &parts.tm_mday,
                    &parts.tm_hour, &parts.tm_min, &second) != 6 ||
        !text.ends_with('Z')) {
        return std::nullopt;
    }
    parts.tm_year -= 1900;
    parts.tm_mon -= 1;
    return system_clock::from_time_t(timegm(&parts)) + std::chrono::microseconds(std::llround(second * 1e6));
}

Webhook read_webhook(const api::Request& request, const delivery::Secret& secret) {
    const auto now = system_clock::now();
    Webhook webhook;
    webhook.id = header(request, "webhook-id");
    webhook.subscription_id = header(request, "moai-subscription-id");
    webhook.attempt = header(request, "moai-attempt");
    webhook.body = request.body;
    const auto verdict =
        delivery::verify(secret, webhook.id, header(request, "webhook-timestamp"), header(request, "webhook-signature"),
                         request.body, system_clock::to_time_t(now));
    webhook.verified = verdict == delivery::Verdict::accepted;
    webhook.verdict = delivery::verdict_text(verdict);
    const auto body = nlohmann::json::parse(request.body, nullptr, false);
    if (body.is_object() && body.contains("type") && body["type"].is_string()) {
        webhook.type = body["type"].get<std::string>();
    }
    if (body.is_object() && body.contains("timestamp") && body["timestamp"].is_string()) {
        if (const auto published = parse_timestamp(body["timestamp"].get<std::string>())) {
            webhook.since_published = std::chrono::duration_cast<milliseconds>(now - *published);
        }
    }
    return webhook;
}

http::ServerOptions server_options(const config::ListenAddress& address) {
    if (!address.loopback()) {
        throw Failure(ExitCode::configuration,
                      fmt::format("--listen: {} can be reached by others; this receiver is for trying things out",
                                  address.text()),
                      "give a loopback address, like 127.0.0.1:3001");
    }
    http::ServerOptions options;
    options.listen = address;
    options.threads = 2;
    options.io_threads = 1;
    return options;
}

}  // namespace

struct Receiver::Impl {
    Impl(const config::ListenAddress& address, const std::string& secret_text,
         std::function<void(const Webhook&)> callback)
        : secret(parse_receiver_secret(secret_text)),
          on_webhook(std::move(callback)),
          server(server_options(address), [this](const api::Request& request) { return answer(request); }) {}

    api::Response answer(const api::Request& request) const {
        if (request.method != "POST" && request.method != "PUT") {
            return {.status = 405,
                    .body = R"({"error":"webhooks come by POST or PUT"})",
                    .headers = {{"Allow", "POST, PUT"}}};
        }
        const Webhook webhook = read_webhook(request, secret);
        on_webhook(webhook);
        if (!webhook.verified) {
            return {.status = 401, .body = nlohmann::json{{"error", webhook.verdict}}.dump(), .headers = {}};
        }
        return {.status = 200, .body = R"({"received":true})", .headers = {}};
    }

    delivery::Secret secret;
    std::function<void(const Webhook&)> on_webhook;
    http::Server server;
};

Receiver::Receiver(const config::ListenAddress& address, const std::string& secret,
                   std::function<void(const Webhook&)> on_webhook)
    : impl_(std::make_unique<Impl>(address, secret, std::move(on_webhook))) {}
Receiver::~Receiver() = default;

void Receiver::start() {
    try {
        impl_->server.start();
    } catch (const http::ListenError& error) {
        throw Failure(ExitCode::port_busy, error.what(), "--listen 127.0.0.1:0 takes any free port and prints it");
    }
}

void Receiver::stop(milliseconds drain) { impl_->server.stop(drain); }
std::uint16_t Receiver::port() const noexcept { return impl_->server.port(); }

std::string new_webhook_secret() {
    std::array<unsigned char, 32> bytes{};
    if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
        throw std::system_error(errno, std::generic_category(), "getrandom");
    }
    return "whsec_" + delivery::base64_encode(bytes.data(), bytes.size());
}

std::string webhook_text(const Webhook& webhook) {
    constexpr std::size_t kShown = 2'000;
    const std::string age =
        webhook.since_published ? fmt::format("  {} ms after it was published", webhook.since_published->count()) : "";
    const std::string body = webhook.body.size() <= kShown
                                 ? webhook.body
                                 : fmt::format("{}... ({} bytes)", webhook.body.substr(0, kShown), webhook.body.size());
    // Anybody can send to this port: nothing of a request may steer the terminal.
    return fmt::format("{}  {}  id {}  attempt {}{}\n    {}\n",
                       webhook.verified ? "verified" : "NOT VERIFIED (" + terminal_text(webhook.verdict) + ")",
                       webhook.type.empty() ? "(no type)" : terminal_text(webhook.type), terminal_text(webhook.id),
                       terminal_text(webhook.attempt), age, terminal_text(body));
}

std::string webhook_json(const Webhook& webhook) {
    nlohmann::ordered_json line{{"verified", webhook.verified},
                                {"verdict", webhook.verdict},
                                {"id", webhook.id},
                                {"subscription_id", webhook.subscription_id},
                                {"attempt", webhook.attempt},
                                {"type", webhook.type},
                                {"body", webhook.body}};
    // ASCII only: JSON's own escapes leave C1 controls as they are.
    return line.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace moai::app
