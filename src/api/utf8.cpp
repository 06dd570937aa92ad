// Overlong forms, surrogates and code points over U+10FFFF are all cut off by the range of the second byte.
#include "api/utf8.hpp"

#include <algorithm>

namespace moai::api {
namespace {

constexpr unsigned byte_at(std::string_view text, std::size_t index) noexcept {
    return static_cast<unsigned char>(text[index]);
}

struct Shape {
    std::size_t length;
    unsigned second_low, second_high;
};

constexpr Shape shape_of(unsigned lead) noexcept {
    if (lead >= 0xc2 && lead <= 0xdf) {
        return {2, 0x80, 0xbf};
    }
    if (lead >= 0xe0 && lead <= 0xef) {
        return {3, lead == 0xe0 ? 0xa0U : 0x80U, lead == 0xed ? 0x9fU : 0xbfU};
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        return {4, lead == 0xf0 ? 0x90U : 0x80U, lead == 0xf4 ? 0x8fU : 0xbfU};
    }
    return {0, 0, 0};
}

}  // namespace

std::size_t utf8_length(std::string_view text) noexcept {
    if (text.empty()) {
        return 0;
    }
    const unsigned lead = byte_at(text, 0);
    if (lead < 0x80) {
        return 1;
    }
    const Shape shape = shape_of(lead);
    if (shape.length == 0 || text.size() < shape.length || byte_at(text, 1) < shape.second_low ||
        byte_at(text, 1) > shape.second_high) {
        return 0;
    }
    for (std::size_t i = 2; i < shape.length; ++i) {
        if ((byte_at(text, i) & 0xc0U) != 0x80U) {
            return 0;
        }
    }
    return shape.length;
}

bool is_text(std::string_view text) noexcept {
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        if (length == 0 || text.front() == '\0') {
            return false;
        }
        text.remove_prefix(length);
    }
    return true;
}

std::size_t count_characters(std::string_view text) noexcept {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

std::string shortened(std::string_view text, std::size_t most) {
    if (text.size() <= most) {
        return std::string(text);
    }
    std::size_t end = most;
    // A character has at most three bytes after its first; more than that is not UTF-8 and may be cut anywhere.
    while (end > 0 && most - end < 3 && (byte_at(text, end) & 0xc0U) == 0x80U) {
        --end;
    }
    return std::string(text.substr(0, end)).append("…");
}

}  // namespace moai::api
