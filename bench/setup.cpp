#include "setup.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

#include "child.hpp"
#include "pg/connection.hpp"

namespace moai::bench {

Database::Database() {
    const char* cluster = std::getenv("MOAI_TEST_CLUSTER_URL");
    if (cluster == nullptr) {
        throw std::runtime_error("MOAI_TEST_CLUSTER_URL is not set: run this by bench/run");
    }
    cluster_url_ = cluster;
    name_ = fmt::format("bench_{}", ::getpid());
    pg::Connection(cluster_url_, "bench").query("CREATE DATABASE " + name_);
    url_ = cluster_url_;
    url_.replace(url_.find("/postgres?"), 10, "/" + name_ + "?");
    Child({"migrate", "--database-url", url_}).wait();
    // In every database: what statements cost is read from it.
    pg::Connection(url_, "bench").query("CREATE EXTENSION pg_stat_statements");
}

Database::~Database() {
    try {
        pg::Connection(cluster_url_, "bench").query("DROP DATABASE " + name_ + " WITH (FORCE)");
    } catch (const std::exception& error) {
        fmt::print(stderr, "{} is left behind: {}\n", name_, error.what());
    }
}

void subscribe(const std::string& database_url, const std::string& url) {
    pg::Connection(database_url, "bench").query("SELECT moai.create_subscription($1, ARRAY['bench'])", {url});
}

void preload(const std::string& database_url, int count) {
    pg::Connection connection(database_url, "bench");
    for (int from = 0; from < count; from += 1000) {
        connection.query(
            "SELECT count(*) FROM moai.publish_batch((SELECT json_agg(json_build_object('type', 'bench', 'payload', "
            "json_build_object('seq', n, 'pad', repeat('x', 280)))) FROM generate_series($1::integer, $2::integer) AS "
            "n))",
            {std::to_string(from + 1), std::to_string(std::min(from + 1000, count))});
    }
    connection.query("VACUUM ANALYZE");
    connection.query("CHECKPOINT");
}

}  // namespace moai::bench
