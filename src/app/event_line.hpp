// A line of a file of events on its way to the database: is it fit, and what is added that it does not say.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "api/problem.hpp"

namespace moai::app {

/// The longest line: a payload of 1 MiB, and 64 KiB for whatever else an event may say.
inline constexpr std::size_t kLongestEventLine = (std::size_t{1'024} + 64) * 1'024;

/// What the lines of a file are given that do not say it themselves (or say null).
struct EventLineDefaults {
    std::string tenant;                     ///< empty: none
    std::optional<std::string> key_prefix;  ///< idempotency_key: this, a colon and the line's number
};

/// What the caller learns of a line that is fit.
struct EventLineFacts {
    bool has_key = false;
};

/// The reason why this text is no JSON object that the database may be given, or nothing: then the defaults stand in
/// it, and every byte of it is there still, in its order. Pure. What the fields hold is for the database to judge.
/// REQUIRES: the defaults are UTF-8.
[[nodiscard]] std::optional<api::Problem> complete_event_line(std::string& text, std::uint64_t number,
                                                              const EventLineDefaults& defaults, EventLineFacts& facts);

/// The same kind of reason for a line that was too long to be read.
[[nodiscard]] api::Problem too_long_event_line(std::uint64_t length);

}  // namespace moai::app
