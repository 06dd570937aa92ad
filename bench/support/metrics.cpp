#include "support/metrics.hpp"

#include <cstdlib>
#include <stdexcept>

#include "support/http_load.hpp"

namespace moai::bench {

Histogram histogram_of(int port, const std::string& name) {
    const std::string text = get(port, "/metrics"), prefix = "\n" + name + "_bucket{le=\"";
    Histogram histogram;
    for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix, at + 1)) {
        const char* bound = text.c_str() + at + prefix.size();
        char* end = nullptr;
        const double value = std::strtod(bound, &end);
        histogram[value] = std::strtoull(end + 2, nullptr, 10);  // after the quote and the brace
    }
    if (histogram.empty()) {
        throw std::runtime_error("the process has no histogram " + name);
    }
    return histogram;
}

Histogram operator-(Histogram after, const Histogram& before) {
    for (auto& [bound, count] : after) {
        const auto found = before.find(bound);
        count -= found == before.end() ? 0 : found->second;
    }
    return after;
}

double bound_of(const Histogram& histogram, double share) {
    const auto all = static_cast<double>(histogram.empty() ? 0 : histogram.rbegin()->second);
    for (const auto& [bound, count] : histogram) {
        if (all > 0 && static_cast<double>(count) >= share * all) {
            return bound;
        }
    }
    return 0;
}

}  // namespace moai::bench
