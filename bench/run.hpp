// One scenario being measured: its repetitions, numbers and samples.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenario.hpp"
#include "support/cpu.hpp"

namespace moai::bench {

/// One value of one figure, and what kept it from being better as far as that was seen.
struct Sample {
    double value;
    std::string limit;
};

/// Not thread-safe: scenarios report from the thread they were called on.
class Run {
public:
    using Progress = std::function<void(const std::string& text)>;

    /// `settings` override numbers by name; `postmaster` is the server's process.
    Run(const Scenario& scenario, int repetitions, bool quick, std::map<std::string, double> settings, pid_t postmaster,
        Progress progress);

    /// Ends a repetition and begins the next one; false when all were made.
    [[nodiscard]] bool next();
    /// 0 for the first.
    [[nodiscard]] int repetition() const noexcept { return repetition_; }
    /// Throws std::out_of_range for a number that the scenario does not have.
    [[nodiscard]] double number(std::string_view name) const;
    [[nodiscard]] int count(std::string_view name) const { return static_cast<int>(number(name)); }
    [[nodiscard]] pid_t postmaster() const noexcept { return postmaster_; }

    /// Throws std::out_of_range for a figure that the scenario does not have.
    void figure(std::string_view name, double value, const std::string& limit = "");
    void say(const std::string& what) const;

    [[nodiscard]] const Scenario& scenario() const noexcept { return scenario_; }
    [[nodiscard]] bool quick() const noexcept { return quick_; }
    [[nodiscard]] const std::vector<Sample>& samples(std::string_view figure) const;
    /// The greatest share of the machine, 0 to 1, that other programs took during a repetition.
    [[nodiscard]] double foreign_cpu() const noexcept { return foreign_cpu_; }

private:
    const Scenario& scenario_;
    const int repetitions_;
    const bool quick_;
    const std::map<std::string, double> settings_;
    const pid_t postmaster_;
    const Progress progress_;
    int repetition_ = -1;
    double foreign_cpu_ = 0;
    std::optional<CpuMeter> meter_;
    std::map<std::string_view, std::vector<Sample>> samples_;
};

}  // namespace moai::bench
