// error_map: the promises of src/api/error_map.hpp, one test each.
#include "api/error_map.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace moai::api {
namespace {

TEST(ErrorMap, GivesEachSqlstateItsStatus) {
    const std::vector<std::pair<std::string, int>> rows{
        {"MO400", 400}, {"MO404", 404}, {"MO409", 409}, {"MO413", 413}, {"MO416", 416}, {"MO422", 422}, {"MO503", 503},
        {"23505", 409}, {"23503", 409}, {"23514", 422}, {"22P02", 422}, {"22023", 422}, {"22001", 422}, {"22003", 422},
        {"22007", 422}, {"22008", 422}, {"22P05", 422}, {"42501", 403}, {"40001", 503}, {"40P01", 503}, {"57014", 504},
        {"08000", 503}, {"08006", 503}, {"53300", 503}, {"53200", 503}, {"57P01", 503}, {"57P03", 503}, {"", 503},
        {"25006", 503}, {"3F000", 503}, {"42883", 503}, {"42P01", 503}, {"XX000", 500}, {"42601", 500}, {"P0001", 500},
        {"22012", 500}, {"MO200", 500}, {"MOabc", 500}, {"MO4", 500},   {"57P", 500},   {"54001", 500},
    };
    for (const auto& [sqlstate, status] : rows) {
        EXPECT_EQ(status_of_sqlstate(sqlstate), status) << sqlstate;
    }
}

TEST(ErrorMap, PassesOnWhatIsMeantForClients) {
    const Problem problem = problem_of(pg::Error("MO422", "type is missing", "type = null", "Write a type."));
    EXPECT_EQ(problem.status, 422);
    EXPECT_EQ(problem.code, "MO422");
    EXPECT_EQ(problem.detail, "type is missing");
    EXPECT_EQ(problem.values, "type = null");
    EXPECT_EQ(problem.hint, "Write a type.");
}

TEST(ErrorMap, KeepsTheServersOwnTextOfFailuresInside) {
    for (const char* sqlstate : {"XX000", "", "25006", "57P01", "53300", "42P01", "57014", "40001"}) {
        const Problem problem = problem_of(pg::Error(sqlstate, "secret", "secret", "secret"));
        EXPECT_GE(problem.status, 500) << sqlstate;
        EXPECT_EQ((problem.detail + problem.values + problem.hint + problem.code).find("secret"), std::string::npos)
            << sqlstate;
        EXPECT_FALSE(problem.detail.empty());
    }
}

TEST(ErrorMap, SaysThatAStandbyTookNoWrite) {
    const Problem problem = problem_of(pg::Error("25006", "cannot execute INSERT in a read-only transaction"));
    EXPECT_EQ(problem.code, "database_unavailable");
    EXPECT_NE(problem.detail.find("standby"), std::string::npos);
    EXPECT_NE(problem.hint.find("changed nothing"), std::string::npos);
}

TEST(ErrorMap, SaysWhatToDoAboutAMissingSchema) {
    const Problem problem = problem_of(pg::Error("3F000", "schema \"moai_rest\" does not exist"));
    EXPECT_EQ(problem.status, 503);
    EXPECT_EQ(problem.code, "schema_missing");
    EXPECT_FALSE(problem.hint.empty());
}

}  // namespace
}  // namespace moai::api
