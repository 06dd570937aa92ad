// Structured log lines on standard error: one line per decision, an event name and fields.
// Standard output belongs to what a command answers.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace moai::log {

enum class Format { human, json };
enum class Level { debug, info, warning, error, off };

/// One key and its value. Views what it is given: lives no longer than the call it is passed to.
class Field {
public:
    using Value = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;

    Field(std::string_view key, std::string_view value) : key_(key), value_(value) {}
    Field(std::string_view key, const std::string& value) : key_(key), value_(std::string_view(value)) {}
    Field(std::string_view key, const char* value) : key_(key), value_(std::string_view(value)) {}
    Field(std::string_view key, bool value) : key_(key), value_(value) {}
    template <std::signed_integral T>
    Field(std::string_view key, T value) : key_(key), value_(static_cast<std::int64_t>(value)) {}
    template <std::unsigned_integral T>
    requires(!std::same_as<T, bool>) Field(std::string_view key, T value)
        : key_(key), value_(static_cast<std::uint64_t>(value)) {}
    template <std::floating_point T>
    Field(std::string_view key, T value) : key_(key), value_(static_cast<double>(value)) {}

    [[nodiscard]] std::string_view key() const noexcept { return key_; }
    [[nodiscard]] const Value& value() const noexcept { return value_; }

private:
    std::string_view key_;
    Value value_;
};

using Fields = std::initializer_list<Field>;

/// Chooses form and threshold for the whole process. Call before threads exist; human and info until then.
void init(Format format, Level threshold);
/// Is a line of this level written at all? For fields that are dear to compute.
[[nodiscard]] bool enabled(Level level) noexcept;

/// Write one line, at once. Safe from any thread. `event` is a short constant phrase; what varies goes into fields.
void debug(std::string_view event, Fields fields = {});
void info(std::string_view event, Fields fields = {});
void warning(std::string_view event, Fields fields = {});
void error(std::string_view event, Fields fields = {});

}  // namespace moai::log
