// What the REST API needs of the database: one call of a moai_rest function, or one for several publishers at once.
// Pure, so that the API's tests bring their own.
#pragma once

#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "pg/error.hpp"

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

/// One event to publish together with others'.
struct PublishItem {
    std::string_view document;  ///< one JSON object: text that does not parse would take all the others with it
    std::optional<std::string_view> idempotency_key;  ///< what came beside the document
};

/// Must be published by a call of its own, which may take longer than the others can wait.
struct PublishAlone {};

/// Another open transaction is publishing its key: a call of its own waits for that. The error is for who cannot wait.
struct PublishHeld {
    pg::Error error;
};

/// What became of one item: its answer, its error, or nothing yet.
using PublishAnswer = std::variant<RestAnswer, pg::Error, PublishHeld, PublishAlone>;

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
    /// Publishes all in one transaction, which is committed on return: one answer for each item, in order. An item that
    /// is refused takes nothing from the others. Throws as call() does, for all of them.
    /// REQUIRES: 1 to 1000 items.
    [[nodiscard]] virtual std::vector<PublishAnswer> publish_group(std::span<const PublishItem> items) = 0;
};

}  // namespace moai::store
