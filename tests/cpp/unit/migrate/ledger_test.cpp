// How a database's ledger compares with a bundle.
#include "migrate/ledger.hpp"

#include <gtest/gtest.h>

#include "migrate/refused.hpp"

namespace moai::migrate {
namespace {

Bundle two_migrations() {
    return {{"prelude.sql", ""},
            {{"0001_core", "a"}, {"0002_more", "b"}},
            {{"functions/f.sql", "f"}},
            {"grants.sql", "g"},
            "abc"};
}

TEST(CompareSchema, CallsADatabaseWithoutLedgerMissing) {
    EXPECT_EQ(compare(two_migrations(), std::nullopt), SchemaState::missing);
    EXPECT_EQ(compare(two_migrations(), Installed{}), SchemaState::missing);
}

TEST(CompareSchema, CallsTheSameMigrationsAndHashCurrent) {
    EXPECT_EQ(compare(two_migrations(), Installed{{"0001_core", "0002_more"}, "abc"}), SchemaState::current);
}

TEST(CompareSchema, CallsAMissingMigrationOlderWhateverTheHash) {
    EXPECT_EQ(compare(two_migrations(), Installed{{"0001_core"}, "abc"}), SchemaState::older);
}

TEST(CompareSchema, CallsAnUnknownMigrationNewerEvenIfOthersAreMissing) {
    EXPECT_EQ(compare(two_migrations(), Installed{{"0001_core", "0002_more", "0003_most"}, "abc"}), SchemaState::newer);
    EXPECT_EQ(compare(two_migrations(), Installed{{"0001_core", "0003_most"}, "abc"}), SchemaState::newer);
}

TEST(CompareSchema, NoticesOtherOrUnrecordedFunctions) {
    EXPECT_EQ(compare(two_migrations(), Installed{{"0001_core", "0002_more"}, "abd"}), SchemaState::functions_differ);
    EXPECT_EQ(compare(two_migrations(), Installed{{"0001_core", "0002_more"}, std::nullopt}),
              SchemaState::functions_differ);
}

TEST(PendingMigrations, ComeInTheOrderOfTheBundle) {
    const auto pending = pending_migrations(two_migrations(), Installed{});
    ASSERT_EQ(pending.size(), 2U);
    EXPECT_EQ(pending[0].name, "0001_core");
    EXPECT_EQ(pending[1].name, "0002_more");
}

TEST(FitServer, IsUtf8OnPostgresql15OrNewer) {
    EXPECT_NO_THROW(require_fit_server("shop", "UTF8", 150000));
    EXPECT_NO_THROW(require_fit_server("shop", "UTF8", 180001));
}

TEST(FitServer, IsRefusedByName) {
    try {
        require_fit_server("shop", "SQL_ASCII", 150000);
        FAIL() << "SQL_ASCII was taken";
    } catch (const Refused& refused) {
        EXPECT_EQ(refused.reason(), Refused::Reason::not_utf8);
        EXPECT_STREQ(refused.what(), "the encoding of database \"shop\" is SQL_ASCII, moai needs UTF8");
    }
    try {
        require_fit_server("shop", "UTF8", 140009);
        FAIL() << "PostgreSQL 14 was taken";
    } catch (const Refused& refused) {
        EXPECT_EQ(refused.reason(), Refused::Reason::server_too_old);
    }
}

}  // namespace
}  // namespace moai::migrate
