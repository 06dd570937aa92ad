#include "cli/status_text.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace moai::cli {
namespace {

std::string due_text(const nlohmann::ordered_json& queue) {
    std::string text;
    if (!queue.at("oldest_due_seconds").is_null()) {
        text += fmt::format(", the oldest for {}", duration_text(queue["oldest_due_seconds"].get<double>()));
    } else if (!queue.at("next_due_seconds").is_null()) {
        text += fmt::format(", the next in {}", duration_text(queue["next_due_seconds"].get<double>()));
    }
    return text;
}

std::string workers_text(const nlohmann::ordered_json& workers) {
    if (workers.empty()) {
        return "none: nothing is delivered until `moai run` or `moai work` runs";
    }
    std::string text;
    for (const auto& worker : workers) {
        text += text.empty() ? "" : "\n               ";
        text += worker.at("name").get<std::string>();
        if (const auto since = worker.find("since"); since != worker.end() && since->is_string()) {
            text += "  since " + since->get<std::string>();
        }
    }
    return text;
}

std::string finished_text(const nlohmann::ordered_json& all) {
    const auto& history = all.at("history");
    if (history.is_null()) {
        return fmt::format("not counted, it takes too long: about {} attempts are recorded",
                           all.at("attempts_estimate").get<long long>());
    }
    std::string text;
    for (const char* state : {"delivered", "dead", "cancelled", "expired", "superseded"}) {
        if (const auto count = history.at(state).get<long long>(); count > 0 || text.empty()) {
            text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, state);
        }
    }
    return text;
}

}  // namespace

std::string duration_text(double seconds) {
    const auto whole = static_cast<long long>(seconds);
    if (seconds < 1) {
        return fmt::format("{:.0f} ms", seconds * 1000);
    }
    if (whole < 60) {
        return fmt::format("{:.1f} s", seconds);
    }
    if (whole < 3600) {
        return fmt::format("{} min {:02} s", whole / 60, whole % 60);
    }
    if (whole < 86400) {
        return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
    }
    return fmt::format("{} d {:02} h", whole / 86400, whole % 86400 / 3600);
}

std::string status_text(const nlohmann::ordered_json& stats) {
    const auto& queue = stats.at("queue");
    const auto& subscriptions = stats.at("subscriptions");
    const auto count = [](const nlohmann::ordered_json& object, const char* key) {
        return object.at(key).get<long long>();
    };
    std::string text;
    text += fmt::format("queue          {} deliveries, {} due{}\n", count(queue, "depth"), count(queue, "due"),
                        due_text(queue));
    for (const char* state : {"pending", "delivering", "retrying", "parked"}) {
        text += fmt::format("  {:<12} {}\n", state, count(queue, state));
    }
    text += fmt::format("finished       {}\n", finished_text(stats));
    text += fmt::format("dead letters   {}\n", count(stats, "dead_letters"));
    text += fmt::format("subscriptions  {} active, {} paused, {} disabled\n", count(subscriptions, "active"),
                        count(subscriptions, "paused"), count(subscriptions, "disabled"));
    text += fmt::format("workers        {}\n", workers_text(stats.at("workers")));
    return text;
}

}  // namespace moai::cli
