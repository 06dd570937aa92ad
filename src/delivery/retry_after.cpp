#include "delivery/retry_after.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <string>

namespace moai::delivery {
namespace {

using std::chrono::seconds;

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kSpace = " \t\r\n";
    const auto begin = text.find_first_not_of(kSpace);
    return begin == std::string_view::npos ? "" : text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

seconds clamped(std::int64_t count) { return seconds(std::clamp<std::int64_t>(count, 0, kLongestRetryAfter.count())); }

}  // namespace

std::optional<seconds> retry_after(std::string_view value, std::time_t now) {
    const std::string_view text = trimmed(value);
    if (text.empty()) {
        return std::nullopt;
    }
    if (std::all_of(text.begin(), text.end(), is_digit)) {
        std::int64_t count = 0;
        const bool fits = std::from_chars(text.data(), text.data() + text.size(), count).ec == std::errc{};
        return fits ? clamped(count) : kLongestRetryAfter;
    }
    // Each of the three forms of a date begins with the day's name; libcurl takes many texts more for dates.
    const std::time_t date = is_digit(text.front()) ? -1 : curl_getdate(std::string(text).c_str(), nullptr);
    return date < 0 ? std::nullopt : std::optional(clamped(std::int64_t{date} - now));
}

}  // namespace moai::delivery
