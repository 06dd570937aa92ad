// The bundle that is built into this binary is a whole one.
#include "migrate/bundle.hpp"

#include <gtest/gtest.h>

namespace moai::migrate {
namespace {

TEST(EmbeddedBundle, StartsWithTheCoreMigrationAndHasEveryPart) {
    const Bundle& bundle = embedded_bundle();
    EXPECT_EQ(bundle.prelude.name, "prelude.sql");
    ASSERT_FALSE(bundle.migrations.empty());
    EXPECT_EQ(bundle.migrations.front().name, "0001_core");
    EXPECT_FALSE(bundle.functions.empty());
    EXPECT_EQ(bundle.grants.name, "grants.sql");
    EXPECT_EQ(bundle.hash.size(), 64U);
    EXPECT_EQ(bundle.hash.find_first_not_of("0123456789abcdef"), std::string_view::npos);
}

TEST(EmbeddedBundle, HoldsWhatTheLedgerNeeds) {
    EXPECT_NE(embedded_bundle().prelude.text.find("moai_private.migration"), std::string_view::npos);
}

}  // namespace
}  // namespace moai::migrate
