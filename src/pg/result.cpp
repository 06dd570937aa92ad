// Reads the rows of a PGresult.
#include "pg/result.hpp"

#include <libpq-fe.h>

#include <cstring>
#include <stdexcept>
#include <string>

namespace moai::pg {

Result::Result(pg_result* owned) : result_(owned, [](pg_result* result) { PQclear(result); }) {}

int Result::rows() const noexcept { return PQntuples(result_.get()); }

int Result::columns() const noexcept { return PQnfields(result_.get()); }

bool Result::is_null(int row, int column) const noexcept { return PQgetisnull(result_.get(), row, column) != 0; }

std::string_view Result::text(int row, int column) const noexcept {
    const char* value = PQgetvalue(result_.get(), row, column);
    if (value == nullptr) {
        return {};
    }
    return {value, static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

int Result::column(const char* name) const {
    for (int i = 0; i < columns(); ++i) {
        if (std::strcmp(PQfname(result_.get(), i), name) == 0) {
            return i;
        }
    }
    throw std::out_of_range(std::string("the result has no column \"") + name + "\"");
}

}  // namespace moai::pg
