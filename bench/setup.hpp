// A database of its own for each run of a benchmark, on the cluster that MOAI_TEST_CLUSTER_URL names.
#pragma once

#include <string>

namespace moai::bench {

/// An empty database with the schema installed by the binary; dropped at the end. Not thread-safe.
class Database {
public:
    Database();
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    [[nodiscard]] const std::string& url() const noexcept { return url_; }

private:
    std::string cluster_url_, name_, url_;
};

/// One active subscription of event type "bench" to this URL.
void subscribe(const std::string& database_url, const std::string& url);
/// `count` events of type "bench" with 300 bytes of payload, published in batches of 1000.
void preload(const std::string& database_url, int count);

}  // namespace moai::bench
