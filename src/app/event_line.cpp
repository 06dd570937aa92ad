#include "app/event_line.hpp"

#include <fmt/format.h>

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "api/json_check.hpp"
#include "api/utf8.hpp"

namespace moai::app {
namespace {

constexpr std::size_t kLongestShown = 64;
constexpr const char* kBlanks = " \t\r\n";

std::string quoted(const std::string& text) { return nlohmann::json(text).dump(); }

/// Most who are here have a file of another kind.
std::string hint_for(std::string_view text, std::uint64_t number) {
    if (number == 1 && (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))) {
        return "This looks like UTF-16: iconv -f UTF-16 -t UTF-8 makes it fit.";
    }
    const std::size_t first = text.find_first_not_of(kBlanks);
    if (first != std::string_view::npos && text[first] == '[') {
        return "Write one object a line: jq -c '.[]' takes an array apart.";
    }
    return "Write one event a line, as {\"type\": …, \"payload\": …}: jq -c . puts each document on a line of its own.";
}

/// A field that the object is to have, and its value as JSON text.
struct Member {
    const char* name;
    std::string value;
};

[[nodiscard]] bool has_value(const std::string& text, const api::JsonFields& fields, const char* name) {
    const auto found = fields.find(name);
    return found != fields.end() && text.compare(found->second, 4, "null") != 0;
}

/// REQUIRES: the object has no value for any of them.
void supply(std::string& text, const api::JsonFields& fields, const std::vector<Member>& members) {
    std::string in_front;
    std::map<std::size_t, const std::string*, std::greater<>> instead_of_null;  // from the last place to the first
    for (const Member& member : members) {
        if (const auto found = fields.find(member.name); found != fields.end()) {
            instead_of_null.emplace(found->second, &member.value);
        } else {
            in_front += fmt::format("{}\"{}\":{}", in_front.empty() ? "" : ",", member.name, member.value);
        }
    }
    for (const auto& [place, value] : instead_of_null) {
        text.replace(place, 4, *value);
    }
    if (!in_front.empty()) {
        text.insert(text.find('{') + 1, in_front + (fields.empty() ? "" : ","));
    }
}

}  // namespace

std::optional<api::Problem> complete_event_line(std::string& text, std::uint64_t number,
                                                const EventLineDefaults& defaults, EventLineFacts& facts) {
    static const api::JsonRules kRules{.subject = "the line"};
    api::JsonFields fields;
    if (const std::size_t zero = text.find('\0'); zero != std::string::npos) {
        return api::Problem{.status = 400,
                            .detail = fmt::format("the line holds a zero byte, at byte {}", zero),
                            .hint = hint_for(text, number)};
    }
    if (auto problem = api::check_json(text, kRules, fields)) {
        if (problem->values.empty()) {
            problem->values = "line = " + api::shortened(text, kLongestShown);
        }
        if (problem->hint.empty()) {
            problem->hint = hint_for(text, number);
        }
        return problem;
    }
    std::vector<Member> missing;
    facts.has_key = defaults.key_prefix || has_value(text, fields, "idempotency_key");
    if (defaults.key_prefix && !has_value(text, fields, "idempotency_key")) {
        missing.push_back({"idempotency_key", quoted(fmt::format("{}:{}", *defaults.key_prefix, number))});
    }
    if (!defaults.tenant.empty() && !has_value(text, fields, "tenant")) {
        missing.push_back({"tenant", quoted(defaults.tenant)});
    }
    supply(text, fields, missing);
    return std::nullopt;
}

api::Problem too_long_event_line(std::uint64_t length) {
    return {.status = 422,
            .detail = fmt::format("the line is {} bytes long, {} are allowed", length, kLongestEventLine),
            .hint = "Publish a smaller payload (up to 1 MiB), for example a reference to the data."};
}

}  // namespace moai::app
