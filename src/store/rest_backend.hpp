// What the REST API needs of the database: one call of a moai_rest function. Pure, so that the API's tests bring their
// own.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace moai::store {

struct RestCall {
    std::string_view function;  ///< name inside schema moai_rest; from the route table, never from a client
    std::vector<std::optional<std::string_view>> params;
    bool writes = false;  ///< changes something: not to be repeated when the outcome is unknown
};

struct RestAnswer {
    int status = 200;
    std::string body;  ///< JSON text; empty where SQL gave NULL
};

/// The connection broke while a writing call ran: it may have been committed or not.
class OutcomeUnknown : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Must be safe from any number of threads at once.
class RestBackend {
public:
    RestBackend() = default;
    virtual ~RestBackend() = default;
    RestBackend(const RestBackend&) = delete;
    RestBackend& operator=(const RestBackend&) = delete;

    /// Throws pg::Error for what the server or the connection reports, pg::PoolExhausted, OutcomeUnknown.
    [[nodiscard]] virtual RestAnswer call(const RestCall& call) = 0;
};

}  // namespace moai::store
