// What a moai process tells of itself under /metrics.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace moai::bench {

/// A histogram: how many values were at most so large, by bound; the last bound is infinity.
using Histogram = std::map<double, std::uint64_t>;

/// Of the process whose API listens on this port of loopback. Throws std::runtime_error if it does not answer or has
/// none of this name.
[[nodiscard]] Histogram histogram_of(int port, const std::string& name);
/// What came after `before`.
[[nodiscard]] Histogram operator-(Histogram after, const Histogram& before);
/// The least bound that this share, 0 to 1, of the values is not above; 0 without a value.
[[nodiscard]] double bound_of(const Histogram& histogram, double share);

}  // namespace moai::bench
