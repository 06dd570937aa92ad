#include "app/server_log.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>

namespace moai::app {
namespace {

namespace fs = std::filesystem;

}  // namespace

base::UniqueFd open_server_log(const fs::path& file) {
    base::UniqueFd fd(open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    if (!fd) {
        throw std::system_error(errno, std::generic_category(), "open " + file.string());
    }
    return fd;
}

void keep_server_log_small(const fs::path& file, std::uintmax_t most) {
    std::error_code absent;
    const std::uintmax_t size = fs::file_size(file, absent);
    if (absent || size <= most) {
        return;
    }
    fs::copy_file(file, file.string() + ".old", fs::copy_options::overwrite_existing);
    fs::resize_file(file, 0);
}

std::string last_lines(const fs::path& file) {
    constexpr std::streamoff kLooked = 4096;
    constexpr int kLines = 5;
    std::ifstream in(file, std::ios::binary | std::ios::ate);
    if (!in) {
        return "";
    }
    const auto size = static_cast<std::streamoff>(in.tellg());
    std::string text(static_cast<std::size_t>(std::min(size, kLooked)), '\0');
    in.seekg(size - static_cast<std::streamoff>(text.size()));
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    while (!text.empty() && text.back() == '\n') {
        text.pop_back();
    }
    std::size_t start = text.size();
    for (int lines = 0; start > 0 && lines < kLines; ++lines) {
        const auto newline = text.rfind('\n', start - 1);
        start = newline == std::string::npos ? 0 : newline;
    }
    return text.substr(start + (start < text.size() && text[start] == '\n' ? 1 : 0));
}

}  // namespace moai::app
