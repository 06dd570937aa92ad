#include "run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace moai::bench {

Run::Run(const Scenario& scenario, int repetitions, bool quick, std::map<std::string, double> settings,
         pid_t postmaster, Progress progress)
    : scenario_(scenario),
      repetitions_(repetitions),
      quick_(quick),
      settings_(std::move(settings)),
      postmaster_(postmaster),
      progress_(std::move(progress)) {
    for (const auto& figure : scenario.figures) {
        samples_[figure.name];
    }
}

bool Run::next() {
    if (meter_) {
        foreign_cpu_ = std::max(foreign_cpu_, meter_->read().foreign_share());
    }
    meter_.emplace(postmaster_, std::vector<pid_t>{});
    if (++repetition_ == repetitions_) {
        return false;
    }
    say("");
    return true;
}

double Run::number(std::string_view name) const {
    if (const auto set = settings_.find(std::string(name)); set != settings_.end()) {
        return set->second;
    }
    for (const auto& number : scenario_.numbers) {
        if (number.name == name) {
            return quick_ ? number.quick : number.usual;
        }
    }
    throw std::out_of_range(fmt::format("{} has no number {}", scenario_.name, name));
}

void Run::figure(std::string_view name, double value, const std::string& limit) {
    samples_.at(name).push_back({value, limit});
}

void Run::say(const std::string& what) const {
    progress_(fmt::format("{} {}/{}{}{}", scenario_.name, std::min(std::max(repetition_, 0) + 1, repetitions_),
                          repetitions_, what.empty() ? "" : ": ", what));
}

const std::vector<Sample>& Run::samples(std::string_view figure) const { return samples_.at(figure); }

}  // namespace moai::bench
