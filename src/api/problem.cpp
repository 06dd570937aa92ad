// problem+json is written by nlohmann's serializer, so that no text can break out of its string.
#include "api/problem.hpp"

#include <nlohmann/json.hpp>

#include "api/utf8.hpp"

namespace moai::api {
namespace {

/// What is told may quote the request, however long that is. Three such texts stay below 64 KiB even if each of their
/// bytes has to be escaped.
constexpr std::size_t kLongestText = 2'048;

}  // namespace

std::string_view reason_phrase(int status) noexcept {
    switch (status) {
        case 100: return "Continue";
        case 200: return "OK";
        case 201: return "Created";
        case 202: return "Accepted";
        case 204: return "No Content";
        case 206: return "Partial Content";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 408: return "Request Timeout";
        case 409: return "Conflict";
        case 410: return "Gone";
        case 411: return "Length Required";
        case 413: return "Content Too Large";
        case 414: return "URI Too Long";
        case 415: return "Unsupported Media Type";
        case 416: return "Range Not Satisfiable";
        case 417: return "Expectation Failed";
        case 421: return "Misdirected Request";
        case 422: return "Unprocessable Content";
        case 423: return "Locked";
        case 429: return "Too Many Requests";
        case 431: return "Request Header Fields Too Large";
        case 500: return "Internal Server Error";
        case 503: return "Service Unavailable";
        case 504: return "Gateway Timeout";
        case 505: return "HTTP Version Not Supported";
        default: return "Unknown";
    }
}

std::string problem_json(const Problem& problem, std::string_view request_id) {
    nlohmann::ordered_json json{
        {"type", "about:blank"},
        {"title", reason_phrase(problem.status)},
        {"status", problem.status},
        {"code", problem.code.empty() ? "MO" + std::to_string(problem.status) : problem.code},
        {"detail", shortened(problem.detail, kLongestText)},
    };
    if (!problem.values.empty()) {
        json["values"] = shortened(problem.values, kLongestText);
    }
    if (!problem.hint.empty()) {
        json["hint"] = shortened(problem.hint, kLongestText);
    }
    json["request_id"] = request_id;
    return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Response problem_response(const Problem& problem, std::string_view request_id) {
    Response response{problem.status, "application/problem+json", problem_json(problem, request_id), {}};
    if (problem.status == 503) {
        response.headers.push_back({"Retry-After", "1"});
    }
    return response;
}

}  // namespace moai::api
