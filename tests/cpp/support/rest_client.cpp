// RestClient on RawClient.
#include "support/rest_client.hpp"

#include <stdexcept>
#include <system_error>

namespace moai::test {

std::optional<RawResponse> RestClient::try_request(const std::string& method, const std::string& path,
                                                   const std::string& body, const Headers& headers) {
    std::string text = method + " " + path + " HTTP/1.1\r\nHost: localhost\r\n";
    if (method != "GET" && method != "DELETE") {
        text += "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
    }
    for (const auto& [name, value] : headers) {
        text += name + ": " + value + "\r\n";
    }
    text += "\r\n" + body;
    if (connection_ && connection_->closed(std::chrono::milliseconds(0))) {
        connection_.reset();
    }
    try {
        if (!connection_) {
            connection_.emplace(port_);
        }
    } catch (const std::system_error&) {
        return std::nullopt;
    }
    std::optional<RawResponse> response;
    if (connection_->send(text)) {
        response = connection_->receive();
    }
    if (!response || response->headers["connection"] == "close") {
        connection_.reset();
    }
    return response;
}

RawResponse RestClient::request(const std::string& method, const std::string& path, const std::string& body,
                                const Headers& headers) {
    auto response = try_request(method, path, body, headers);
    if (!response) {
        throw std::runtime_error("no answer to " + method + " " + path);
    }
    return *std::move(response);
}

}  // namespace moai::test
