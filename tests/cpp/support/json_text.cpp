// By nlohmann-json.
#include "support/json_text.hpp"

#include <nlohmann/json.hpp>
#include <stdexcept>

namespace moai::test {

std::string json_at(std::string_view text, const std::string& pointer) {
    try {
        const auto value = nlohmann::json::parse(text).at(nlohmann::json::json_pointer(pointer));
        if (value.is_null()) {
            return "";
        }
        return value.is_string() ? value.get<std::string>() : value.dump();
    } catch (const nlohmann::json::exception& error) {
        throw std::runtime_error(std::string(error.what()) + " in " + std::string(text.substr(0, 2000)));
    }
}

std::string json_string(std::string_view text) { return nlohmann::json(text).dump(); }

}  // namespace moai::test
