// A well-behaved client of moai's REST API: one request, one answer.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "support/raw_client.hpp"

namespace moai::test {

/// Keeps its connection alive, and makes a new one when the server has closed it. Not thread-safe: one for each thread.
class RestClient {
public:
    using Headers = std::map<std::string, std::string>;

    explicit RestClient(std::uint16_t port) : port_(port) {}

    /// Nothing if the server cannot be reached or does not answer within 10 s.
    [[nodiscard]] std::optional<RawResponse> try_request(const std::string& method, const std::string& path,
                                                         const std::string& body = "", const Headers& headers = {});
    /// Throws std::runtime_error where try_request() has nothing.
    RawResponse request(const std::string& method, const std::string& path, const std::string& body = "",
                        const Headers& headers = {});
    RawResponse post(const std::string& path, const std::string& body, const Headers& headers = {}) {
        return request("POST", path, body, headers);
    }

private:
    std::uint16_t port_;
    std::optional<RawClient> connection_;
};

}  // namespace moai::test
