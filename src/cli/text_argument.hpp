// Option values that may be too long, or too secret, for a command line.
#pragma once

#include <string>

namespace moai::cli {

/// `given` itself, the text of the file after an "@", or for "-" all of standard input; without the blanks and line
/// ends around it, which files and pipes bring along. Throws Failure(configuration) naming `option` if it cannot be
/// read.
[[nodiscard]] std::string text_argument(const char* option, const std::string& given);

/// Every byte of a file, or for "-" of standard input. Throws Failure(configuration) naming `option` if it cannot be
/// read.
[[nodiscard]] std::string whole_file(const char* option, const std::string& file);

}  // namespace moai::cli
