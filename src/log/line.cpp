#include "log/line.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace moai::log {
namespace {

std::string_view level_name(Level level) {
    switch (level) {
        case Level::debug: return "debug";
        case Level::info: return "info";
        case Level::warning: return "warning";
        case Level::error: return "error";
        case Level::off: break;
    }
    return "off";
}

std::string_view level_tag(Level level) {
    switch (level) {
        case Level::debug: return "DEBUG";
        case Level::info: return "INFO ";
        case Level::warning: return "WARN ";
        case Level::error: return "ERROR";
        case Level::off: break;
    }
    return "OFF  ";
}

std::string timestamp(std::chrono::system_clock::time_point at) {
    const auto since_epoch = std::chrono::duration_cast<std::chrono::microseconds>(at.time_since_epoch());
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", fmt::gmtime(static_cast<std::time_t>(seconds.count())),
                       (since_epoch - seconds).count());
}

bool is_plain(std::string_view text) {
    if (text.empty()) {
        return false;
    }
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte <= ' ' || byte == 0x7f || c == '"' || c == '=' || c == '\\') {
            return false;
        }
    }
    return true;
}

// Control characters in a value (a URL, a server's message) must neither end the line nor reach the terminal.
void append_quoted(std::string& line, std::string_view text) {
    line += '"';
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        switch (c) {
            case '"': line += "\\\""; break;
            case '\\': line += "\\\\"; break;
            case '\n': line += "\\n"; break;
            case '\r': line += "\\r"; break;
            case '\t': line += "\\t"; break;
            default:
                if (byte < 0x20 || byte == 0x7f) {
                    line += fmt::format("\\x{:02x}", byte);
                } else {
                    line += c;
                }
        }
    }
    line += '"';
}

struct AppendHuman {
    std::string& line;
    void operator()(std::string_view text) const {
        if (is_plain(text)) {
            line += text;
        } else {
            append_quoted(line, text);
        }
    }
    void operator()(bool value) const { line += value ? "true" : "false"; }
    template <typename Number>
    void operator()(Number value) const {
        line += fmt::format("{}", value);
    }
};

}  // namespace

std::string human_line(std::chrono::system_clock::time_point at, Level level, std::string_view event,
                       std::span<const Field> fields) {
    std::string line = timestamp(at);
    line += ' ';
    line += level_tag(level);
    line += ' ';
    line += event;
    for (const Field& field : fields) {
        line += ' ';
        line += field.key();
        line += '=';
        std::visit(AppendHuman{line}, field.value());
    }
    return line;
}

std::string json_line(std::chrono::system_clock::time_point at, Level level, std::string_view event,
                      std::span<const Field> fields) {
    nlohmann::ordered_json line;
    line["time"] = timestamp(at);
    line["level"] = level_name(level);
    line["event"] = event;
    for (const Field& field : fields) {
        std::string key(field.key());
        if (key == "time" || key == "level" || key == "event") {
            key += '_';
        }
        std::visit([&](const auto& value) { line[key] = value; }, field.value());
    }
    return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace moai::log
