#include "cli/report.hpp"

#include <fmt/format.h>

#include <cstdio>

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

std::string line(std::string_view name, const std::string& value) {
    return value.empty() ? "" : fmt::format("  {}: {}\n", name, value);
}

}  // namespace

Report describe(const std::string& program, const std::exception& error) {
    const std::string first = fmt::format("{}: {}\n", program, error.what());
    if (const auto* failure = dynamic_cast<const config::Failure*>(&error)) {
        return {failure->code(), first + line("hint", failure->hint())};
    }
    if (const auto* database = dynamic_cast<const pg::Error*>(&error)) {
        const ExitCode code = code_of(*database);
        const std::string hint = database->hint().empty() && code == ExitCode::schema_missing
                                     ? "is moai installed in this database? moai migrate does it"
                                     : database->hint();
        return {code,
                first + line("detail", database->detail()) + line("hint", hint) + line("code", database->sqlstate())};
    }
    return {ExitCode::internal, first};
}

config::ExitCode report(const std::string& program, const std::exception& error) {
    const Report report = describe(program, error);
    std::fputs(report.text.c_str(), stderr);
    return report.code;
}

}  // namespace moai::cli
