// PostgreSQL's binary COPY format, version of 7.4 and later: big-endian lengths before values.
#include "pg/copy_rows.hpp"

#include <type_traits>

namespace moai::pg {
namespace {

constexpr std::string_view kSignature("PGCOPY\n\377\r\n\0", 11);

}  // namespace

template <typename Integer>
void CopyRows::append(Integer value) {
    const auto bits = static_cast<std::make_unsigned_t<Integer>>(value);
    for (int shift = static_cast<int>(sizeof bits) * 8 - 8; shift >= 0; shift -= 8) {
        bytes_ += static_cast<char>(static_cast<unsigned char>(bits >> static_cast<unsigned>(shift)));
    }
}

CopyRows::CopyRows() : bytes_(kSignature) {
    append(std::int32_t{0});  // flags
    append(std::int32_t{0});  // length of the header's extension
}

void CopyRows::begin_row(std::int16_t columns) { append(columns); }

void CopyRows::integer(std::int32_t value) {
    append(static_cast<std::int32_t>(sizeof value));
    append(value);
}

void CopyRows::text(std::string_view value) {
    append(static_cast<std::int32_t>(value.size()));
    bytes_ += value;
}

const std::string& CopyRows::finish() {
    append(std::int16_t{-1});
    return bytes_;
}

}  // namespace moai::pg
