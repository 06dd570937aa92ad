// What there is to measure: each scenario with its numbers, the figures it gives, and what is asked of them.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace moai::bench {

class Run;

/// A number that a scenario takes (--set SCENARIO.NAME=N), as it is usually and with --quick.
struct Number {
    std::string_view name;
    double usual, quick;
};

enum class Asked { nothing, at_least, at_most };

/// One figure that a scenario measures in each repetition; its median is judged by `bound`.
struct Figure {
    std::string_view name, what, unit;
    Asked asked = Asked::nothing;
    double bound = 0;
};

struct Scenario {
    std::string_view name, what;
    int repetitions;  ///< unless --reps says otherwise
    std::vector<Number> numbers;
    std::vector<Figure> figures;
    void (*measure)(Run&);
};

/// All of them, in the order in which they run and are shown.
[[nodiscard]] std::span<const Scenario> scenarios();

}  // namespace moai::bench
