#include "support/served.hpp"

namespace moai::bench {

const std::string& Served::prepare(const Database& database, const Sink& sink) {
    subscribe(database.url(), sink.url());
    settle(database.url());
    return database.url();
}

}  // namespace moai::bench
