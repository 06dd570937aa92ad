// What an error of the database means to an HTTP client.
#pragma once

#include <string_view>

#include "api/problem.hpp"
#include "pg/error.hpp"

namespace moai::api {

/// The status of an SQLSTATE ("" = the connection was lost or not made): first matching row of one table.
[[nodiscard]] int status_of_sqlstate(std::string_view sqlstate) noexcept;

/// The problem to answer. The server's text is passed on only where it is meant for clients (status below 500 and
/// MO5xx).
[[nodiscard]] Problem problem_of(const pg::Error& error);

}  // namespace moai::api
