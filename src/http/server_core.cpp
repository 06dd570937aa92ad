// The request boundary: the one place where whatever a handler throws is caught.
#include "http/server_core.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "http/connection.hpp"

namespace moai::http {
namespace {

/// Descriptors left to the rest of the process (database, logs, the worker's share is the caller's to plan).
constexpr std::size_t kSpareDescriptors = 64;

std::size_t affordable(std::size_t wanted) {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
        return wanted;
    }
    const auto available = static_cast<std::size_t>(limit.rlim_cur);
    return std::min(wanted, available > 2 * kSpareDescriptors ? available - kSpareDescriptors : available / 2);
}

FramerLimits framer_limits(const ServerOptions& options) {
    FramerLimits limits;
    limits.max_body = options.max_body;
    limits.max_header_bytes = options.max_header_bytes;
    limits.max_path = options.max_path;
    limits.max_target = 3 * options.max_path;
    return limits;
}

api::Response internal_error(const api::Request& request) {
    return api::problem_response(
        {.status = 500, .detail = "the request failed inside the server; its log has more under the request id"},
        request.request_id);
}

std::string text_of_current_exception() {
    try {
        throw;
    } catch (const std::exception& error) {
        return error.what();
    } catch (...) {
        return "an exception that is not a std::exception";
    }
}

}  // namespace

void ConnectionCount::remove() {
    if (open_.fetch_sub(1) == 1) {
        const std::lock_guard lock(mutex_);
        none_.notify_all();
    }
}

bool ConnectionCount::wait_for_none(std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    return none_.wait_until(lock, deadline, [this] { return open_.load() == 0; });
}

ServerCore::ServerCore(ServerOptions options_in, api::Handler handler_in, api::GroupHandler group_handler_in)
    : options(std::move(options_in)),
      handler(std::move(handler_in)),
      group_handler(std::move(group_handler_in)),
      hosts(options.listen.host, options.allowed_hosts),
      limits(framer_limits(options)),
      max_connections(affordable(options.max_connections)),
      bodies(options.memory_for_bodies),
      queue({.threads = options.threads, .waiting = max_connections},
            [](std::vector<RequestQueue::Member> one) { Connection::answer_alone(one.front()); }),
      waiters({.threads = options.goes_in_group ? options.waiting_threads : 0, .waiting = max_connections},
              [](std::vector<RequestQueue::Member> one) { Connection::answer_alone(one.front()); }),
      groups({.threads = options.goes_in_group ? options.group_threads : 0,
              .members = options.max_group,
              .bytes = options.max_group_bytes,
              .waiting = max_connections},
             [this](std::vector<RequestQueue::Member> group) { Connection::answer_group(*this, group); }) {}

api::Response ServerCore::answer(const api::Request& request) const {
    std::string what;
    try {
        return handler(request);
    } catch (...) {
        what = text_of_current_exception();
    }
    report(request.request_id, what);
    return internal_error(request);
}

std::vector<api::GroupAnswer> ServerCore::answer_group(std::span<const api::Request* const> requests) const {
    std::string what;
    try {
        auto answers = group_handler(requests);
        if (answers.size() == requests.size()) {
            return answers;
        }
        what = "the group handler did not answer each request";
    } catch (...) {
        what = text_of_current_exception();
    }
    std::vector<api::GroupAnswer> answers;
    for (const api::Request* request : requests) {
        report(request->request_id, what);
        answers.push_back({internal_error(*request), nullptr});
    }
    return answers;
}

void ServerCore::report(std::string_view request_id, std::string_view what) const noexcept {
    try {
        if (options.on_handler_error) {
            options.on_handler_error(request_id, what);
        }
    } catch (...) {  // a log that fails must not end the process
    }
}

}  // namespace moai::http
