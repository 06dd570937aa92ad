// nlohmann decodes all but lone surrogates, which it refuses: those are replaced before it sees them.
#include "api/json_string.hpp"

#include <nlohmann/json.hpp>

namespace moai::api {
namespace {

bool is_unicode_escape(std::string_view text) noexcept { return text.size() >= 6 && text[0] == '\\' && text[1] == 'u'; }

/// The code unit of an escape, or -1 if `text` does not begin with one.
int code_unit(std::string_view text) noexcept {
    if (!is_unicode_escape(text)) {
        return -1;
    }
    int unit = 0;
    for (const char digit : text.substr(2, 4)) {
        unit = unit * 16 + hex_value(digit);
    }
    return unit;
}

constexpr bool is_high(int unit) noexcept { return unit >= 0xd800 && unit <= 0xdbff; }
constexpr bool is_low(int unit) noexcept { return unit >= 0xdc00 && unit <= 0xdfff; }

}  // namespace

std::string unescape_json(std::string_view raw) {
    if (raw.find('\\') == std::string_view::npos) {
        return std::string(raw);
    }
    std::string quoted = "\"";
    while (!raw.empty()) {
        std::size_t length = raw.front() == '\\' ? 2 : 1;
        if (const int unit = code_unit(raw); unit >= 0) {
            const bool pair = is_high(unit) && is_low(code_unit(raw.substr(6)));
            length = pair ? 12 : 6;
            if (!pair && (is_high(unit) || is_low(unit))) {
                quoted.append("\\ufffd");
                raw.remove_prefix(length);
                continue;
            }
        }
        quoted.append(raw.substr(0, length));
        raw.remove_prefix(length);
    }
    return nlohmann::json::parse(quoted + '"').get<std::string>();
}

}  // namespace moai::api
