#include "support/schema.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "pg/connection.hpp"

namespace moai::bench {

void replace_function(const std::string& database_url, const std::string& name, const std::string& body) {
    pg::Connection connection(database_url, "bench");
    const auto found = connection.query(
        "SELECT pg_get_function_arguments(oid), pg_get_function_result(oid) FROM pg_proc "
        "WHERE pronamespace = 'moai_private'::regnamespace AND proname = $1",
        {name});
    if (found.rows() != 1) {
        throw std::runtime_error(fmt::format("there are {} functions moai_private.{}", found.rows(), name));
    }
    connection.script(
        fmt::format("CREATE OR REPLACE FUNCTION moai_private.{}({}) RETURNS {} LANGUAGE plpgsql AS $body${}$body$",
                    name, found.text(0, 0), found.text(0, 1), body));
}

bool has_function(const std::string& database_url, const std::string& name) {
    return pg::Connection(database_url, "bench")
               .query("SELECT FROM pg_proc WHERE pronamespace = 'moai_private'::regnamespace AND proname = $1", {name})
               .rows() > 0;
}

void empty_queue(const std::string& database_url) {
    pg::Connection(database_url, "bench").script("TRUNCATE moai_private.delivery");
}

}  // namespace moai::bench
