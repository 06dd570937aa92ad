// What the measurements of POST /events begin with.
#pragma once

#include <string>

#include "support/child.hpp"
#include "support/database.hpp"
#include "support/sink.hpp"

namespace moai::bench {

/// A receiver, a settled database that is subscribed to it, and `moai serve` on it, ended in the opposite order. Not
/// thread-safe.
struct Served {
    const Sink sink;
    const Database database;
    const Api api{prepare(database, sink)};

private:
    /// The database's URL.
    static const std::string& prepare(const Database& database, const Sink& sink);
};

}  // namespace moai::bench
