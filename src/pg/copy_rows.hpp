// Rows on their way into COPY ... FROM STDIN (FORMAT binary): values travel as they are, nothing is escaped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace moai::pg {

/// The bytes of one COPY, appended value by value. Not thread-safe.
/// REQUIRES: after begin_row(n) exactly n values follow, of the types of the table's columns.
class CopyRows {
public:
    CopyRows();

    void begin_row(std::int16_t columns);
    void integer(std::int32_t value);
    /// For text and json. Less than 2 GiB.
    void text(std::string_view value);

    /// All of it, the end marker included. Nothing may be appended afterwards.
    [[nodiscard]] const std::string& finish();

private:
    template <typename Integer>
    void append(Integer value);

    std::string bytes_;
};

}  // namespace moai::pg
