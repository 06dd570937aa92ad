#include "cli/report.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "pg/error.hpp"

namespace moai::cli {
namespace {

using config::ExitCode;

ExitCode code_of(const pg::Error& error) {
    const std::string& state = error.sqlstate();
    if (error.connection_lost()) {
        return ExitCode::database_unreachable;
    }
    if (state == "3F000" || state == "42883" || state == "42P01") {
        return ExitCode::schema_missing;
    }
    return ExitCode::failure;
}

struct Told {
    std::string error, detail, hint, code;
};

std::string line(std::string_view name, const std::string& value) {
    return value.empty() ? "" : fmt::format("  {}: {}\n", name, value);
}

std::string lines(const std::string& program, const Told& told) {
    return fmt::format("{}: {}\n", program, told.error) + line("detail", told.detail) + line("hint", told.hint) +
           line("code", told.code);
}

std::string json_line(const Told& told, ExitCode exit) {
    const auto or_null = [](const std::string& text) {
        return text.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(text);
    };
    const nlohmann::ordered_json line{{"error", told.error},
                                      {"detail", or_null(told.detail)},
                                      {"hint", or_null(told.hint)},
                                      {"code", or_null(told.code)},
                                      {"exit", static_cast<int>(exit)}};
    return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace

Report describe(const std::string& program, const std::exception& error, Form form) {
    Told told{.error = error.what(), .detail = {}, .hint = {}, .code = {}};
    ExitCode exit = ExitCode::internal;
    if (const auto* failure = dynamic_cast<const config::Failure*>(&error)) {
        exit = failure->code();
        told.hint = failure->hint();
    } else if (const auto* database = dynamic_cast<const pg::Error*>(&error)) {
        exit = code_of(*database);
        told.detail = database->detail();
        told.code = database->sqlstate();
        told.hint = database->hint().empty() && exit == ExitCode::schema_missing
                        ? "is moai installed in this database? moai migrate does it"
                        : database->hint();
    }
    return {exit, form == Form::json ? json_line(told, exit) : lines(program, told)};
}

config::ExitCode report(const std::string& program, const std::exception& error, Form form) {
    const Report report = describe(program, error, form);
    std::fputs(report.text.c_str(), stderr);
    return report.code;
}

}  // namespace moai::cli
