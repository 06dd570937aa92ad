// A page may send a POST without a body, or with one of a harmless type, anywhere and unasked; CORS only hides the
// answer.
#include "http/origin_policy.hpp"

#include "api/utf8.hpp"
#include "http/token.hpp"

namespace moai::http {
namespace {

constexpr std::size_t kLongestShown = 256;

/// "null" (a sandboxed page, a file) is no origin at all.
bool is_own_origin(std::string_view origin, std::string_view host) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (equals_ignoring_case(origin.substr(0, scheme.size()), scheme) &&
            equals_ignoring_case(origin.substr(scheme.size()), host)) {
            return true;
        }
    }
    return false;
}

/// "none": typed by the user, not sent by a page. What browsers may say one day is taken for foreign.
bool is_own_site(std::string_view fetch_site) { return fetch_site == "same-origin" || fetch_site == "none"; }

}  // namespace

std::optional<api::Problem> cross_origin_objection(const FramedRequest& request) {
    if (request.method == "GET" || request.method == "HEAD") {
        return std::nullopt;
    }
    for (const auto& [name, value] : request.headers) {
        const bool foreign_site = name == "sec-fetch-site" && !is_own_site(value);
        const bool foreign_origin = name == "origin" && !is_own_origin(value, request.host);
        if (foreign_site || foreign_origin) {
            return api::Problem{
                .status = 403,
                .code = "cross_origin",
                .detail = "a web page of another origin must not send this request",
                .values = (foreign_site ? "Sec-Fetch-Site = " : "Origin = ") + api::shortened(value, kLongestShown) +
                          ", Host = " + api::shortened(request.host, kLongestShown),
                .hint =
                    "Let your page ask a server of yours, and that server send the request, without Origin and "
                    "Sec-Fetch-Site. A proxy in front must pass Host on unchanged."};
        }
    }
    return std::nullopt;
}

}  // namespace moai::http
