#include "log/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <atomic>
#include <memory>

#include "log/line.hpp"

namespace moai::log {
namespace {

std::atomic<Format> g_format{Format::human};
std::atomic<Level> g_threshold{Level::info};

// Never destroyed: a thread may still log while static objects go.
spdlog::logger& sink() {
    static spdlog::logger& logger = *[] {
        auto* made = new spdlog::logger("moai", std::make_shared<spdlog::sinks::stderr_sink_mt>());
        made->set_pattern("%v");
        made->set_level(spdlog::level::trace);
        made->flush_on(spdlog::level::trace);
        return made;
    }();
    return logger;
}

void write(Level level, std::string_view event, Fields fields) {
    if (!enabled(level)) {
        return;
    }
    const auto now = std::chrono::system_clock::now();
    const std::span<const Field> view(fields.begin(), fields.size());
    const std::string line =
        g_format.load() == Format::json ? json_line(now, level, event, view) : human_line(now, level, event, view);
    sink().log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace

void init(Format format, Level threshold) {
    g_format = format;
    g_threshold = threshold;
}

bool enabled(Level level) noexcept {
    return level >= g_threshold.load(std::memory_order_relaxed) && level != Level::off;
}

void debug(std::string_view event, Fields fields) { write(Level::debug, event, fields); }
void info(std::string_view event, Fields fields) { write(Level::info, event, fields); }
void warning(std::string_view event, Fields fields) { write(Level::warning, event, fields); }
void error(std::string_view event, Fields fields) { write(Level::error, event, fields); }

}  // namespace moai::log
