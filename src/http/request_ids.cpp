// Fresh ids are "<8 random hex digits>-<count>": cheap, and in order within one process.
#include "http/request_ids.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>

namespace moai::http {
namespace {

constexpr std::size_t kLongestId = 128;

bool sane(const std::string& id) {
    return !id.empty() && id.size() <= kLongestId &&
           std::all_of(id.begin(), id.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

}  // namespace

RequestIds::RequestIds() : prefix_(fmt::format("{:08x}", std::random_device{}())) {}

std::string RequestIds::id_for(const std::vector<api::Header>& headers) {
    const auto given =
        std::find_if(headers.begin(), headers.end(), [](const api::Header& h) { return h.name == "x-request-id"; });
    if (given != headers.end() && sane(given->value)) {
        return given->value;
    }
    return fmt::format("{}-{:06x}", prefix_, count_.fetch_add(1, std::memory_order_relaxed));
}

}  // namespace moai::http
