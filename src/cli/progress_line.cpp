#include "cli/progress_line.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace moai::cli {
namespace {

constexpr std::size_t kBar = 20;

std::string clock_text(std::uint64_t seconds) {
    const std::uint64_t hours = seconds / 3'600, minutes = seconds / 60 % 60;
    return hours > 0 ? fmt::format("{}:{:02}:{:02}", hours, minutes, seconds % 60)
                     : fmt::format("{}:{:02}", minutes, seconds % 60);
}

}  // namespace

std::string progress_line(const Progress& progress) {
    const auto elapsed_ms = static_cast<double>(std::max<std::int64_t>(progress.elapsed.count(), 1));
    const double rate = static_cast<double>(progress.lines) * 1'000 / elapsed_ms;
    std::string counts = fmt::format("{} lines  {:.0f}/s", progress.lines, rate);
    if (!progress.all_bytes) {
        return counts;
    }
    const double part =
        *progress.all_bytes == 0
            ? 1.0
            : std::min(1.0, static_cast<double>(progress.done_bytes) / static_cast<double>(*progress.all_bytes));
    const auto filled = static_cast<std::size_t>(part * kBar);
    std::string line = fmt::format("[{}{}] {:3} %  {}", std::string(filled, '#'), std::string(kBar - filled, ' '),
                                   static_cast<int>(part * 100), counts);
    if (progress.done_bytes > 0) {
        line +=
            fmt::format("  {} left", clock_text(static_cast<std::uint64_t>(elapsed_ms / 1'000 * (1 - part) / part)));
    }
    return line;
}

}  // namespace moai::cli
