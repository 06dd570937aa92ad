// Counts the events that the API accepted, by looking at what publishing answered, and how many it published together.
#pragma once

#include "metrics/registry.hpp"
#include "store/rest_backend.hpp"

namespace moai::app {

/// How many new events an answer of moai_rest.publish reports: repeats of an idempotency key and refused items are
/// none.
[[nodiscard]] std::size_t accepted_events(const store::RestAnswer& answer);

/// Passes every call on. Safe from any thread if the other is.
class CountingBackend final : public store::RestBackend {
public:
    CountingBackend(store::RestBackend& other, metrics::Registry& metrics) : other_(other), metrics_(metrics) {}

    [[nodiscard]] store::RestAnswer call(const store::RestCall& call) override;
    [[nodiscard]] std::vector<store::PublishAnswer> publish_group(std::span<const store::PublishItem> items) override;

private:
    store::RestBackend& other_;
    metrics::Registry& metrics_;
};

}  // namespace moai::app
