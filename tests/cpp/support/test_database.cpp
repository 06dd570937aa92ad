// TestDatabase: the template is installed once per cluster, by whoever comes first.
#include "support/test_database.hpp"

#include <unistd.h>

#include <atomic>
#include <random>

#include "migrate/runner.hpp"
#include "pg/connection.hpp"
#include "support/test_cluster.hpp"

namespace moai::test {
namespace {

const std::string kLogin = "moai_test";
const std::string kTemplate = "moai_test_template";
const std::string kHalfMade = "moai_test_template_half_made";

bool holds(pg::Connection& admin, const std::string& question) { return admin.query(question).rows() > 0; }

void make_login(pg::Connection& admin) {
    if (!holds(admin, "SELECT FROM pg_roles WHERE rolname = 'moai_test'")) {
        admin.script("CREATE ROLE moai_test LOGIN NOSUPERUSER CREATEROLE");
    }
}

void make_template(pg::Connection& admin, const std::string& cluster_url) {
    if (holds(admin, "SELECT FROM pg_database WHERE datname = 'moai_test_template'")) {
        return;
    }
    admin.script("DROP DATABASE IF EXISTS " + kHalfMade);
    admin.script("CREATE DATABASE " + kHalfMade + " OWNER " + kLogin + " ENCODING 'UTF8' TEMPLATE template0");
    std::ignore = migrate::Runner(with_database(cluster_url, kHalfMade, kLogin)).migrate();
    // The name says that it is whole: whoever dies before this line leaves only a half-made one.
    admin.script("ALTER DATABASE " + kHalfMade + " RENAME TO " + kTemplate);
}

std::string fresh_name() {
    static const unsigned kRun = std::random_device()();
    static std::atomic<int> count{0};
    return "moai_test_" + std::to_string(::getpid()) + "_" + std::to_string(kRun) + "_" + std::to_string(++count);
}

}  // namespace

TestDatabase::TestDatabase(Content content) : TestDatabase(shared_cluster_url(), content) {}

TestDatabase::TestDatabase(const std::string& cluster_url, Content content)
    : cluster_url_(cluster_url), name_(fresh_name()) {
    pg::Connection admin(cluster_url_, "test database");
    // A session lock, because CREATE DATABASE cannot run in a transaction block; it ends with the session.
    admin.script("SELECT pg_advisory_lock(hashtext('moai test template'))");
    make_login(admin);
    if (content == Content::schema) {
        make_template(admin, cluster_url_);
    }
    admin.script("SELECT pg_advisory_unlock_all()");
    const std::string model = content == Content::schema ? kTemplate : std::string("template0");
    admin.script("CREATE DATABASE " + name_ + " OWNER " + kLogin + " TEMPLATE " + model);
}

TestDatabase::~TestDatabase() {
    try {
        pg::Connection(cluster_url_, "test database").script("DROP DATABASE IF EXISTS " + name_ + " WITH (FORCE)");
    } catch (const pg::Error&) {
        // The test has stopped the cluster, which is thrown away as a whole.
        return;
    }
}

std::string TestDatabase::url() const { return url_as(kLogin); }

std::string TestDatabase::url_as(const std::string& login) const { return with_database(cluster_url_, name_, login); }

std::string TestDatabase::admin_url() const { return url_as("postgres"); }

}  // namespace moai::test
