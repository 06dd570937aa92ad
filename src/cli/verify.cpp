// moai verify: did the subscription's secret sign this request, and would a receiver have taken it?
#include <fmt/format.h>

#include <ctime>
#include <nlohmann/json.hpp>

#include "app/request_check.hpp"
#include "cli/commands.hpp"
#include "cli/text_argument.hpp"

namespace moai::cli {
namespace {

using config::ExitCode;
using config::Failure;

app::CapturedRequest read_request(const std::string& file) {
    const std::string text = whole_file("FILE", file);
    try {
        return app::parse_captured_request(text);
    } catch (const app::NotARequest& error) {
        throw Failure(ExitCode::failure,
                      fmt::format("{} is no captured request: {}", file == "-" ? "the input" : file, error.what()),
                      "give the request's headers, an empty line, and the body's bytes as they came");
    }
}

}  // namespace

ExitCode verify(const config::Settings& settings) {
    if (settings.receiver_secret == "-" && settings.verify.file == "-") {
        throw Failure(ExitCode::configuration, "FILE and --secret are both standard input",
                      "give one of them by a file: --secret @FILE");
    }
    const std::string secret = text_argument("--secret", settings.receiver_secret);
    const app::CapturedRequest request = read_request(settings.verify.file);
    const auto check = app::check_request(request, secret, settings.verify.at.value_or(std::time(nullptr)),
                                          std::chrono::duration_cast<std::chrono::seconds>(settings.verify.tolerance));
    if (settings.json) {
        const nlohmann::json answer{
            {"verified", check.verified}, {"verdict", check.verdict}, {"id", check.id}, {"timestamp", check.timestamp}};
        fmt::print("{}\n", answer.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    } else if (check.verified) {
        fmt::print("verified: event {}, signed at {}, {} bytes\n", check.id, check.timestamp, request.body.size());
    }
    if (!check.verified) {
        throw Failure(ExitCode::failure, "not verified: " + check.verdict, check.hint);
    }
    return ExitCode::ok;
}

}  // namespace moai::cli
