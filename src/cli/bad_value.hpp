// Finds the option whose value PostgreSQL could not read: its own message names the type and the text, not the option.
#pragma once

#include <string>
#include <vector>

#include "pg/connection.hpp"

namespace moai::cli {

/// A value that was passed on as text, and what PostgreSQL was to read it as.
struct TypedValue {
    const char* option;
    const char* type;
    std::string text;
};

/// Runs a statement. Where a value does not fit its type (SQLSTATE class 22), throws Failure(configuration) naming the
/// option instead of pg::Error.
[[nodiscard]] pg::Result query_naming_options(pg::Connection& database, const std::string& sql,
                                              const std::vector<pg::Param>& params,
                                              const std::vector<TypedValue>& values);

}  // namespace moai::cli
