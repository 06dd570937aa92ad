// The API's own picture of HTTP, so that handlers and their tests know no server library.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace moai::api {

struct Header {
    std::string name;  ///< lower case in a Request, as written in a Response
    std::string value;
};

/// One HTTP request whose framing, size and Host the server has already accepted.
struct Request {
    std::string method;  ///< as sent, for example "GET"; HEAD arrives as HEAD
    std::string path;    ///< raw and undecoded, without the query; starts with '/'
    std::string query;   ///< raw and undecoded, without '?'
    std::vector<Header> headers;
    std::string body;
    std::string remote_address;  ///< "127.0.0.1:51234"
    std::string request_id;      ///< the client's X-Request-Id if it was a sane one, else made by the server

    /// The value of the first header of this lower-case name, or null.
    [[nodiscard]] const std::string* header(std::string_view name) const;
};

/// One answer. The server adds Content-Length, Connection and X-Request-Id, and leaves the body out for HEAD.
struct Response {
    int status = 200;
    std::string content_type = "application/json";
    std::string body;
    std::vector<Header> headers;
};

/// Answers a request on the thread that calls it. Must be safe from any number of threads at once.
using Handler = std::function<Response(const Request&)>;

/// What became of one request of a group.
struct GroupAnswer {
    std::optional<Response> response;  ///< none: the Handler must answer it by itself
    /// Set if the Handler would wait for something, which only few may do at once: makes the answer for the others.
    /// Called once or not at all, as long as the request is there.
    std::function<Response()> if_too_many_wait;
};

/// Answers several requests at once, on the thread that calls it: one answer for each, in order. Must be safe from any
/// number of threads at once.
using GroupHandler = std::function<std::vector<GroupAnswer>(std::span<const Request* const>)>;

}  // namespace moai::api
