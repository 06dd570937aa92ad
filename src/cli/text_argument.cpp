#include "cli/text_argument.hpp"

#include <fmt/format.h>

#include <cerrno>
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

std::string untrimmed(const char* option, const std::string& given) {
    if (given == "-") {
        return read_all(std::cin);
    }
    if (!given.starts_with('@')) {
        return given;
    }
    std::ifstream in(given.substr(1), std::ios::binary);
    if (!in) {
        throw config::Failure(
            config::ExitCode::configuration,
            fmt::format("{}: cannot read {}: {}", option, given.substr(1), std::generic_category().message(errno)));
    }
    return read_all(in);
}

}  // namespace

std::string text_argument(const char* option, const std::string& given) {
    const std::string text = untrimmed(option, given);
    const auto first = text.find_first_not_of(" \t\r\n");
    return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

}  // namespace moai::cli
