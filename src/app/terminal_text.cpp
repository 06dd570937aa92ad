#include "app/terminal_text.hpp"

#include <cstdint>

namespace moai::app {
namespace {

struct Character {
    std::uint32_t code = 0;
    std::size_t length = 0;  ///< 0: these bytes are no UTF-8
};

bool continues(std::string_view text, std::size_t at) {
    return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U;
}

Character first_character(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text.front());
    const std::size_t length = lead < 0x80   ? 1
                               : lead < 0xC2 ? 0
                               : lead < 0xE0 ? 2
                               : lead < 0xF0 ? 3
                               : lead < 0xF5 ? 4
                                             : 0;
    constexpr std::uint32_t kLeadBits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    constexpr std::uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
    std::uint32_t code = lead & kLeadBits[length];
    for (std::size_t at = 1; at < length; ++at) {
        if (!continues(text, at)) {
            return {};
        }
        code = code << 6U | (static_cast<unsigned char>(text[at]) & 0x3FU);
    }
    const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    return code < kSmallest[length] || code > 0x10FFFF || surrogate ? Character{} : Character{code, length};
}

bool steers(std::uint32_t code) {
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x061C || code == 0x200E || code == 0x200F ||
           (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

}  // namespace

std::string terminal_text(std::string_view text) {
    std::string shown;
    while (!text.empty()) {
        const Character character = first_character(text);
        if (character.length == 0 || steers(character.code)) {
            shown += ' ';
        } else {
            shown += text.substr(0, character.length);
        }
        text.remove_prefix(character.length == 0 ? 1 : character.length);
    }
    return shown;
}

}  // namespace moai::app
