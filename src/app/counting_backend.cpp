#include "app/counting_backend.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace moai::app {
namespace {

bool is_new_event(const nlohmann::json& item) {
    return item.is_object() && item.contains("id") && item["id"].is_string() && !item.value("duplicate", false);
}

}  // namespace

std::size_t accepted_events(const store::RestAnswer& answer) {
    const auto body = nlohmann::json::parse(answer.body, nullptr, false);
    if (answer.status != 202 || !body.is_object()) {
        return 0;
    }
    if (const auto items = body.find("items"); items != body.end() && items->is_array()) {
        return static_cast<std::size_t>(std::count_if(items->begin(), items->end(), is_new_event));
    }
    return is_new_event(body) ? 1 : 0;
}

std::vector<store::PublishAnswer> CountingBackend::publish_group(std::span<const store::PublishItem> items) {
    metrics_.publish_group(items.size());
    auto answers = other_.publish_group(items);
    std::size_t accepted = 0;
    for (const auto& answer : answers) {
        const auto* published = std::get_if<store::RestAnswer>(&answer);
        accepted += published != nullptr ? accepted_events(*published) : 0;
    }
    if (accepted > 0) {
        metrics_.events_accepted(accepted);
    }
    return answers;
}

store::RestAnswer CountingBackend::call(const store::RestCall& call) {
    store::RestAnswer answer = other_.call(call);
    if (call.function == "publish") {
        if (const std::size_t accepted = accepted_events(answer); accepted > 0) {
            metrics_.events_accepted(accepted);
        }
    }
    return answer;
}

}  // namespace moai::app
