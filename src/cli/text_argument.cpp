#include "cli/text_argument.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <system_error>

#include "config/exit_code.hpp"

namespace moai::cli {
namespace {

std::string read_all(std::istream& in) {
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace

std::string whole_file(const char* option, const std::string& file) {
    if (file == "-") {
        return read_all(std::cin);
    }
    std::ifstream in(file, std::ios::binary);
    // Opening a directory succeeds, and reading it throws.
    std::error_code unknown;
    const int reason = std::filesystem::is_directory(file, unknown) ? EISDIR : errno;
    if (!in || reason == EISDIR) {
        throw config::Failure(config::ExitCode::configuration, fmt::format("{}: cannot read {}: {}", option, file,
                                                                           std::generic_category().message(reason)));
    }
    return read_all(in);
}

std::string text_argument(const char* option, const std::string& given) {
    const bool is_file = given == "-" || given.starts_with('@');
    const std::string text = is_file ? whole_file(option, given == "-" ? given : given.substr(1)) : given;
    const auto first = text.find_first_not_of(" \t\r\n");
    return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

}  // namespace moai::cli
