#include "worker/iso_time.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace moai::worker {
namespace {

TEST(IsoTime, ReadsMicrosecondsSinceTheEpoch) {
    EXPECT_EQ(epoch_us_of("1970-01-01T00:00:00.000001Z"), 1);
    EXPECT_EQ(epoch_us_of("2021-02-25T15:02:10.000000Z"), 1'614'265'330'000'000);
    EXPECT_EQ(epoch_us_of("2024-02-29T23:59:59.999999Z"), 1'709'251'199'999'999);
}

TEST(IsoTime, RefusesAnyOtherForm) {
    for (const auto* text :
         {"", "2026-01-31", "2026-01-31T12:00:00Z", "2026-01-31 12:00:00.000000Z", "2026-02-30T12:00:00.000000Z",
          "2026-01-31T12:00:00.000000+", "2026-13-01T12:00:00.000000Z", "x026-01-31T12:00:00.000000Z"}) {
        EXPECT_THROW((void)epoch_us_of(text), std::invalid_argument) << text;
    }
}

}  // namespace
}  // namespace moai::worker
