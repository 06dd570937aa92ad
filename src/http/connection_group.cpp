// Connection::answer_group: from a group of connections to the requests that are still waited for, and back.
#include <exception>
#include <utility>
#include <vector>

#include "http/connection.hpp"

namespace moai::http {

void Connection::answer_group(ServerCore& core, std::span<const RequestQueue::Member> group) noexcept {
    try {
        std::vector<Connection*> waiting;
        std::vector<const api::Request*> requests;
        waiting.reserve(group.size());  // from here on the two grow in step, and cannot fail to
        requests.reserve(group.size());
        const auto now = RequestQueue::Clock::now();
        for (const auto& member : group) {
            if (member.connection->joins_group(now - member.since)) {
                waiting.push_back(member.connection.get());
                requests.push_back(&member.connection->request_);
            }
        }
        if (requests.empty()) {
            return;
        }
        auto answers = core.answer_group(requests);
        for (std::size_t i = 0; i < waiting.size(); ++i) {
            waiting[i]->answer_in_group(std::move(answers[i]));
        }
    } catch (const std::exception& error) {
        // Out of memory before anybody was answered: it costs these connections, not the process.
        for (const auto& member : group) {
            member.connection->give_up(error.what());
        }
    }
}

/// False if nobody waits for the answer any more, or it has been told that it waited too long.
bool Connection::joins_group(Clock::duration waited) noexcept {
    try {
        if (!client_waits(waited)) {
            return false;
        }
        const auto objection = objection_to_wait(waited);
        if (objection) {
            finish(*objection);
        }
        return !objection;
    } catch (const std::exception& error) {
        give_up(error.what());
        return false;
    }
}

}  // namespace moai::http
