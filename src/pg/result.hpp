// Rows that a statement returned. A value that outlives its connection; copy what you keep longer.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

struct pg_result;

namespace moai::pg {

/// Immutable rows in text format. Safe to read from any thread.
class Result {
public:
    Result() = default;
    explicit Result(pg_result* owned);

    [[nodiscard]] int rows() const noexcept;
    [[nodiscard]] int columns() const noexcept;
    [[nodiscard]] bool is_null(int row, int column) const noexcept;
    /// Empty for NULL. The view lives as long as this Result.
    [[nodiscard]] std::string_view text(int row, int column) const noexcept;
    /// The column of this name. Throws std::out_of_range naming it.
    [[nodiscard]] int column(const char* name) const;

private:
    std::shared_ptr<pg_result> result_;
};

/// A text parameter, or NULL. The viewed text must live until the call that takes it returns.
using Param = std::optional<std::string_view>;

}  // namespace moai::pg
