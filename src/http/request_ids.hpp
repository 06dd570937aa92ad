// Ids by which a request is found again in logs and answers.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "api/request.hpp"

namespace moai::http {

/// Safe from any thread.
class RequestIds {
public:
    RequestIds();

    /// The client's X-Request-Id if it is 1 to 128 visible ASCII characters, else a fresh id.
    [[nodiscard]] std::string id_for(const std::vector<api::Header>& headers);

private:
    std::string prefix_;  ///< random, so that ids of two processes differ
    std::atomic<std::uint64_t> count_{0};
};

}  // namespace moai::http
