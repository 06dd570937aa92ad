#include "cli/array_text.hpp"

namespace moai::cli {

std::string array_text(const std::vector<std::string>& items) {
    std::string text = "{";
    for (const std::string& item : items) {
        text += text.size() == 1 ? "\"" : ",\"";
        for (const char c : item) {
            if (c == '"' || c == '\\') {
                text += '\\';
            }
            text += c;
        }
        text += '"';
    }
    return text + "}";
}

}  // namespace moai::cli
