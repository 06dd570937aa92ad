#include "support/database.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <thread>

#include "pg/connection.hpp"
#include "support/child.hpp"

namespace moai::bench {

std::string cluster_url() {
    const char* cluster = std::getenv("MOAI_TEST_CLUSTER_URL");
    if (cluster == nullptr) {
        throw std::runtime_error("MOAI_TEST_CLUSTER_URL is not set: run this by bench/run");
    }
    return cluster;
}

pid_t postmaster_pid(const std::string& url) {
    const auto file = pg::Connection(url, "bench").query("SELECT pg_read_file('postmaster.pid')");
    return std::stoi(std::string(file.text(0, 0)));
}

Database::Database() : Database(migrated().name()) {}

Database::Database(const std::string& copied) : cluster_url_(cluster_url()) {
    static int made = 0;
    name_ = fmt::format("bench_{}_{}", ::getpid(), ++made);
    pg::Connection(cluster_url_, "bench").query(fmt::format("CREATE DATABASE {} TEMPLATE {}", name_, copied));
    url_ = cluster_url_;
    url_.replace(url_.find("/postgres?"), 10, "/" + name_ + "?");
}

Database::~Database() {
    try {
        pg::Connection(cluster_url_, "bench").query("DROP DATABASE " + name_ + " WITH (FORCE)");
    } catch (const std::exception& error) {
        fmt::print(stderr, "{} is left behind: {}\n", name_, error.what());
    }
}

const Database& Database::migrated() {
    struct Migrated {
        Migrated() {
            Child({"migrate", "--database-url", database.url()}).wait();
            // In every database: what statements cost is read from it.
            pg::Connection(database.url(), "bench").query("CREATE EXTENSION pg_stat_statements");
        }
        const Database database{"template0"};
    };
    static const Migrated kMigrated;
    return kMigrated.database;
}

void subscribe(const std::string& database_url, const std::string& url, const std::string& type) {
    pg::Connection(database_url, "bench").query("SELECT moai.create_subscription($1, ARRAY[$2])", {url, type});
}

std::string payload(std::int64_t seq, std::int64_t sent_at_us) {
    const auto head = fmt::format(R"({{"seq":{},"sent_at_us":{},"pad":")", seq, sent_at_us);
    return head + std::string(298 - head.size(), 'x') + "\"}";
}

void preload(const std::string& database_url, int count, const std::string& type) {
    pg::Connection connection(database_url, "bench");
    for (int from = 1; from <= count; from += 1000) {
        std::string events = "[";
        for (int n = from; n < from + 1000 && n <= count; ++n) {
            events += fmt::format(R"({}{{"type":"{}","payload":{}}})", n == from ? "" : ",", type, payload(n, 0));
        }
        connection.query("SELECT count(*) FROM moai.publish_batch($1)", {events + "]"});
    }
}

void preload_endpoints(const std::string& database_url, const Sink& sink, int deliveries, const std::string& more) {
    pg::Connection connection(database_url, "bench");
    for (int endpoint = 0; endpoint < deliveries / kEachInFlight; ++endpoint) {
        connection.query("SELECT moai.create_subscription($1, ARRAY['bench']" + more + ")", {sink.url(endpoint)});
    }
    preload(database_url, kEachInFlight);
}

void settle(const std::string& database_url) {
    pg::Connection connection(database_url, "bench");
    connection.query("VACUUM ANALYZE");
    connection.query("CHECKPOINT");
}

void wait_until_finished(const std::string& database_url, std::chrono::steady_clock::time_point deadline) {
    pg::Connection connection(database_url, "bench");
    while (connection.query("SELECT FROM moai_private.delivery LIMIT 1").rows() > 0) {
        if (std::chrono::steady_clock::now() > deadline) {
            throw std::runtime_error("not all results were recorded");
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
}

}  // namespace moai::bench
