#include "worker/iso_time.hpp"

#include <charconv>
#include <chrono>
#include <stdexcept>
#include <string>

namespace moai::worker {

namespace {

constexpr std::string_view kForm = "0000-00-00T00:00:00.000000Z";

int digits(std::string_view text, std::size_t from, std::size_t length) {
    int value = 0;
    std::from_chars(text.data() + from, text.data() + from + length, value);
    return value;
}

bool has_form(std::string_view text) {
    if (text.size() != kForm.size()) {
        return false;
    }
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool fits = kForm[i] == '0' ? text[i] >= '0' && text[i] <= '9' : text[i] == kForm[i];
        if (!fits) {
            return false;
        }
    }
    return true;
}

}  // namespace

std::int64_t epoch_us_of(std::string_view iso_utc) {
    using namespace std::chrono;
    const auto date = has_form(iso_utc) ? year_month_day(year(digits(iso_utc, 0, 4)),
                                                         month(static_cast<unsigned>(digits(iso_utc, 5, 2))),
                                                         day(static_cast<unsigned>(digits(iso_utc, 8, 2))))
                                        : year_month_day();
    if (!date.ok()) {
        throw std::invalid_argument("not a time in UTC with microseconds: " + std::string(iso_utc));
    }
    const auto time = sys_days(date) + hours(digits(iso_utc, 11, 2)) + minutes(digits(iso_utc, 14, 2)) +
                      seconds(digits(iso_utc, 17, 2)) + microseconds(digits(iso_utc, 20, 6));
    return time.time_since_epoch().count();
}

}  // namespace moai::worker
