// Look-ups in a request.
#include "api/request.hpp"

#include <algorithm>

namespace moai::api {

const std::string* Request::header(std::string_view name) const {
    const auto found =
        std::find_if(headers.begin(), headers.end(), [&](const Header& header) { return header.name == name; });
    return found == headers.end() ? nullptr : &found->value;
}

}  // namespace moai::api
