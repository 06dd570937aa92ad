// Medians and percentiles.
#pragma once

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <vector>

namespace moai::bench {

/// The value that this share, 0 to 1, of all are not above. Throws std::runtime_error if there is none.
template <typename Number>
[[nodiscard]] double percentile(std::vector<Number> values, double share) {
    if (values.empty()) {
        throw std::runtime_error("nothing was measured");
    }
    const auto at = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), values.begin() + at, values.end());
    return static_cast<double>(values[static_cast<std::size_t>(at)]);
}

/// The same of microseconds, in milliseconds.
[[nodiscard]] inline double percentile_ms(const std::vector<std::int64_t>& microseconds, double share) {
    return percentile(microseconds, share) / 1000;
}

/// In the middle of the sorted values, or between the two in the middle.
[[nodiscard]] inline double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const auto middle = values.size() / 2;
    return values.size() % 2 == 1 ? values.at(middle) : (values.at(middle - 1) + values.at(middle)) / 2;
}

}  // namespace moai::bench
