// Calls moai_rest functions through a connection pool.
#pragma once

#include "pg/pool.hpp"
#include "store/rest_backend.hpp"

namespace moai::store {

/// Safe from any thread. Repeats a call that failed by serialization or deadlock (at most 3 times, jittered), and a
/// reading call once when its connection turned out to be dead. Everything else is thrown at once.
class RestCalls final : public RestBackend {
public:
    /// The pool must outlive this.
    explicit RestCalls(pg::Pool& pool) : pool_(pool) {}

    [[nodiscard]] RestAnswer call(const RestCall& call) override;

private:
    pg::Pool& pool_;
};

}  // namespace moai::store
