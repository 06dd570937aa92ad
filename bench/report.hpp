// What was measured, for programs (one JSON object a line) and for people (a table).
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "run.hpp"

namespace moai::bench {

/// Collects the figures of scenarios that have run. Not thread-safe.
class Report {
public:
    /// `server`: PostgreSQL's version.
    explicit Report(std::string server) : server_(std::move(server)) {}

    /// Takes the figures of a scenario. `error`: why it did not come to its end; empty if it did. Writes a line for
    /// each figure to `json` if there is one.
    void add(const Run& run, const std::string& error, std::ostream* json);
    [[nodiscard]] std::string table() const;
    /// Whether every scenario came to its end.
    [[nodiscard]] bool complete() const noexcept { return complete_; }

private:
    struct Row {
        const Scenario* scenario;
        const Figure* figure;
        std::vector<double> values;
        std::string limit, error;
        double foreign_cpu;
        bool quick;
    };
    [[nodiscard]] const Row* find(std::string_view scenario, std::string_view figure) const;
    [[nodiscard]] std::string hand_overs() const;

    const std::string server_;
    std::vector<Row> rows_;
    bool complete_ = true;
};

}  // namespace moai::bench
