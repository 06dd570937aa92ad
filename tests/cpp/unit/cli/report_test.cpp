// How errors are told and which exit codes they become.
#include "cli/report.hpp"

#include <gtest/gtest.h>

#include "pg/error.hpp"

namespace moai::cli {
namespace {

using config::ExitCode;

TEST(Report, ShowsMessageDetailHintAndCodeOfADatabaseError) {
    const Report report =
        describe("moai publish", pg::Error("MO422", "the event type is not valid", "type: a b", "use letters"));
    EXPECT_EQ(report.code, ExitCode::failure);
    EXPECT_EQ(report.text,
              "moai publish: the event type is not valid\n  detail: type: a b\n  hint: use letters\n  code: MO422\n");
}

TEST(Report, LeavesOutWhatIsEmpty) {
    EXPECT_EQ(describe("moai status", pg::Error("42501", "permission denied")).text,
              "moai status: permission denied\n  code: 42501\n");
}

TEST(Report, TellsAnUnreachableDatabaseByItsExitCode) {
    EXPECT_EQ(describe("moai status", pg::Error("", "connection refused")).code, ExitCode::database_unreachable);
    EXPECT_EQ(describe("moai status", pg::Error("57P01", "terminating connection")).code,
              ExitCode::database_unreachable);
}

TEST(Report, SuggestsMigrateWhereTheSchemaIsMissing) {
    const Report report = describe("moai publish", pg::Error("3F000", "schema \"moai\" does not exist"));
    EXPECT_EQ(report.code, ExitCode::schema_missing);
    EXPECT_NE(report.text.find("moai migrate"), std::string::npos);
}

TEST(Report, KeepsTheCodeAndHintOfAFailure) {
    const Report report = describe("moai serve", config::Failure(ExitCode::port_busy, "taken", "use --listen"));
    EXPECT_EQ(report.code, ExitCode::port_busy);
    EXPECT_EQ(report.text, "moai serve: taken\n  hint: use --listen\n");
}

TEST(Report, IsOneJsonObjectForMachines) {
    const Report refused =
        describe("moai publish", pg::Error("MO422", "the \"type\" is not valid", "type: a b", ""), Form::json);
    EXPECT_EQ(refused.text,
              "{\"error\":\"the \\\"type\\\" is not valid\",\"detail\":\"type: a b\",\"hint\":null,\"code\":\"MO422\","
              "\"exit\":1}\n");
    const Report failed =
        describe("moai run", config::Failure(ExitCode::port_busy, "taken", "use --listen"), Form::json);
    EXPECT_EQ(failed.text,
              "{\"error\":\"taken\",\"detail\":null,\"hint\":\"use --listen\",\"code\":null,\"exit\":73}\n");
}

TEST(Report, CallsEverythingElseAFaultOfItsOwn) {
    EXPECT_EQ(describe("moai", std::runtime_error("oops")).code, ExitCode::internal);
}

}  // namespace
}  // namespace moai::cli
