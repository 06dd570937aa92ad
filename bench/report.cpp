#include "report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <thread>
#include <utility>

#include "config/version.hpp"
#include "support/statistics.hpp"

namespace moai::bench {
namespace {

constexpr double kNoisy = 0.05;  // of the machine

std::optional<bool> reached(const Figure& figure, const std::vector<double>& values) {
    if (values.empty() || figure.asked == Asked::nothing) {
        return std::nullopt;
    }
    return figure.asked == Asked::at_least ? median(values) >= figure.bound : median(values) <= figure.bound;
}

/// Three digits that matter.
std::string shown(double value) {
    const double size = std::abs(value);
    return fmt::format("{:.{}f}", value, size >= 100 || value == 0 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

std::string shown_bound(const Figure& figure) {
    return figure.asked == Asked::nothing
               ? ""
               : fmt::format("{} {}", figure.asked == Asked::at_least ? ">=" : "<=", shown(figure.bound));
}

/// What the run said whose value is the median, or the nearest to it.
std::string limit_at_median(const std::vector<Sample>& samples, const std::vector<double>& values) {
    if (samples.empty()) {
        return "";
    }
    const double middle = median(values);
    const auto nearer = [middle](const Sample& a, const Sample& b) {
        return std::abs(a.value - middle) < std::abs(b.value - middle);
    };
    return std::min_element(samples.begin(), samples.end(), nearer)->limit;
}

}  // namespace

void Report::add(const Run& run, const std::string& error, std::ostream* json) {
    complete_ = complete_ && error.empty();
    for (const auto& figure : run.scenario().figures) {
        const auto& samples = run.samples(figure.name);
        std::vector<double> values;
        values.reserve(samples.size());
        for (const auto& sample : samples) {
            values.push_back(sample.value);
        }
        rows_.push_back({&run.scenario(), &figure, values, limit_at_median(samples, values), error, run.foreign_cpu(),
                         run.quick()});
        if (json == nullptr) {
            continue;
        }
        nlohmann::ordered_json line{{"scenario", run.scenario().name},
                                    {"figure", figure.name},
                                    {"what", figure.what},
                                    {"unit", figure.unit},
                                    {"value", nullptr},
                                    {"runs", values},
                                    {"asked", nullptr},
                                    {"bound", nullptr},
                                    {"reached", nullptr},
                                    {"limit", rows_.back().limit},
                                    {"foreign_cpu", run.foreign_cpu()},
                                    {"quick", run.quick()},
                                    {"error", nullptr}};
        if (!values.empty()) {
            line["value"] = median(values);
        }
        if (figure.asked != Asked::nothing) {
            line["asked"] = figure.asked == Asked::at_least ? "at least" : "at most";
            line["bound"] = figure.bound;
        }
        if (const auto is_reached = reached(figure, values)) {
            line["reached"] = *is_reached;
        }
        if (!error.empty()) {
            line["error"] = error;
        }
        for (const auto& number : run.scenario().numbers) {
            line["numbers"][std::string(number.name)] = run.number(number.name);
        }
        line["cores"] = std::thread::hardware_concurrency();
        line["moai"] = config::kVersion;
        line["postgres"] = server_;
        *json << line.dump() << '\n' << std::flush;
    }
}

std::string Report::table() const {
    std::string text = fmt::format("{:<16} {:<52} {:>10} {:<16} {:>10} {:<4} {}\n", "scenario", "what", "median",
                                   "unit", "asked", "", "runs; what limits it");
    const Scenario* last = nullptr;
    for (const auto& row : rows_) {
        const bool first = row.scenario != last;
        last = row.scenario;
        const auto is_reached = reached(*row.figure, row.values);
        std::string runs;
        for (const double value : row.values) {
            runs += (runs.empty() ? "" : " ") + shown(value);
        }
        for (const auto& part : {row.limit, first ? row.error : std::string()}) {
            runs += part.empty() ? "" : "; " + part;
        }
        if (first && row.foreign_cpu > kNoisy) {
            runs += fmt::format("; other programs took up to {:.0f} % of the machine", 100 * row.foreign_cpu);
        }
        text += fmt::format("{:<16} {:<52} {:>10} {:<16} {:>10} {:<4} {}\n", first ? row.scenario->name : "",
                            row.figure->what, row.values.empty() ? "-" : shown(median(row.values)), row.figure->unit,
                            shown_bound(*row.figure),
                            !is_reached   ? ""
                            : *is_reached ? "yes"
                                          : "NO",
                            runs);
    }
    text += hand_overs();
    if (std::any_of(rows_.begin(), rows_.end(), [](const auto& row) { return row.quick; })) {
        text += "A quick run: it shows that the scenarios run, the figures mean nothing.\n";
    }
    return text;
}

const Report::Row* Report::find(std::string_view scenario, std::string_view figure) const {
    const auto found = std::find_if(rows_.begin(), rows_.end(), [&](const Row& row) {
        return row.scenario->name == scenario && row.figure->name == figure && !row.values.empty();
    });
    return found == rows_.end() ? nullptr : &*found;
}

std::string Report::hand_overs() const {
    // The medians of these figures, or nothing if one was not measured.
    const auto medians = [this](std::initializer_list<std::pair<std::string_view, std::string_view>> wanted) {
        std::vector<double> values;
        values.reserve(wanted.size());
        for (const auto& [scenario, figure] : wanted) {
            if (const auto* row = find(scenario, figure)) {
                values.push_back(median(row->values));
            }
        }
        return values.size() == wanted.size() ? values : std::vector<double>{};
    };
    std::string text;
    if (const auto v = medians(
            {{"drain", "cpu"}, {"parts", "sql_moai_cpu"}, {"parts", "sql_postgres_cpu"}, {"parts", "http_moai_cpu"}});
        !v.empty()) {
        const double sum = v[1] + v[2] + v[3];
        text += fmt::format(
            "A delivery takes {:.1f} µs of CPU in the drain; its parts alone {:.1f} (SQL {:.1f} + {:.1f}, HTTP "
            "{:.1f}): "
            "{:+.1f} for the hand-overs.\n",
            v[0], sum, v[1], v[2], v[3], v[0] - sum);
    }
    if (const auto v = medians({{"post", "rate"}, {"parts", "publish_rate"}, {"parts", "answer_rate"}}); !v.empty()) {
        text += fmt::format(
            "POST /events accepts {:.0f} events/s; publishing alone {:.0f}, answering alone {:.0f}, one after the "
            "other {:.0f}.\n",
            v[0], v[1], v[2], 1 / (1 / v[1] + 1 / v[2]));
    }
    return text;
}

}  // namespace moai::bench
