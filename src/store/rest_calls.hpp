// Calls moai_rest functions through connection pools.
#pragma once

#include "pg/pool.hpp"
#include "store/rest_backend.hpp"

namespace moai::store {

/// Safe from any thread. Repeats a call that failed by serialization or deadlock (at most 3 times, jittered), and a
/// reading call once when its connection turned out to be dead. Everything else is thrown at once.
class RestCalls final : public RestBackend {
public:
    /// The pools must outlive this. That of the groups is their own, so that calls which wait for something never hold
    /// them up.
    RestCalls(pg::Pool& pool, pg::Pool& groups) : pool_(pool), groups_(groups) {}

    [[nodiscard]] RestAnswer call(const RestCall& call) override;
    /// An error that the statement as a whole met and that may be the fault of one item makes every item one to publish
    /// alone.
    [[nodiscard]] std::vector<PublishAnswer> publish_group(std::span<const PublishItem> items) override;

private:
    pg::Pool& pool_;
    pg::Pool& groups_;
};

}  // namespace moai::store
