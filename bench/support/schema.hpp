// Changes to a database's schema that a comparison takes: made as the superuser, never by moai itself.
#pragma once

#include <string>

namespace moai::bench {

/// Replaces the function of this name in moai_private, whatever its arguments, by one whose body is `body` (PL/pgSQL).
/// Throws std::runtime_error if there is none, or more than one.
void replace_function(const std::string& database_url, const std::string& name, const std::string& body);
/// Whether moai_private has a function of this name.
[[nodiscard]] bool has_function(const std::string& database_url, const std::string& name);
/// Empties the queue: what one measurement left must not be the next one's.
void empty_queue(const std::string& database_url);

}  // namespace moai::bench
