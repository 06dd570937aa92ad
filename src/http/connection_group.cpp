// Connection::answer_group: from a group of connections to the requests that are still waited for, and back.
#include <exception>
#include <utility>
#include <vector>

#include "http/connection.hpp"

namespace moai::http {

void Connection::answer_group(ServerCore& core, std::span<const GroupQueue::Member> group) noexcept {
    const auto now = GroupQueue::Clock::now();
    std::vector<Connection*> waiting;
    std::vector<const api::Request*> requests;
    for (const auto& member : group) {
        Connection& one = *member.connection;
        try {
            if (!one.client_waits(now - member.since)) {
                continue;
            }
            if (const auto objection = one.objection_to_wait(now - member.since)) {
                one.finish(*objection);
                continue;
            }
            waiting.push_back(&one);
            requests.push_back(&one.request_);
        } catch (const std::exception& error) {
            one.give_up(error.what());
        }
    }
    if (requests.empty()) {
        return;
    }
    auto answers = core.answer_group(requests);
    for (std::size_t i = 0; i < waiting.size(); ++i) {
        waiting[i]->answer_in_group(std::move(answers[i]));
    }
}

}  // namespace moai::http
