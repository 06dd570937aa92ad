// The statement texts are made from function names of the route table, one per function and number of parameters.
#include "store/rest_calls.hpp"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <random>
#include <thread>
#include <utility>

namespace moai::store {
namespace {

constexpr int kMostTries = 4;  // the first and three repeats

std::string statement(const RestCall& call) {
    std::string text = fmt::format("SELECT status, body FROM moai_rest.{}(", call.function);
    for (std::size_t i = 1; i <= call.params.size(); ++i) {
        text.append(i == 1 ? "$" : ", $").append(std::to_string(i));
    }
    return text.append(")");
}

RestAnswer read_answer(const pg::Result& rows, const RestCall& call) {
    int status = 0;
    const std::string_view text = rows.rows() == 1 && rows.columns() == 2 ? rows.text(0, 0) : std::string_view{};
    if (std::from_chars(text.data(), text.data() + text.size(), status).ec != std::errc{} || status < 200 ||
        status > 599) {
        throw std::runtime_error(fmt::format("moai_rest.{} did not answer one row of status and body", call.function));
    }
    return {status, std::string(rows.text(0, 1))};
}

/// Transactions that collided once collide again if they come back in step.
void pause_before_retry(int tries) {
    thread_local std::minstd_rand random{std::random_device{}()};
    std::uniform_int_distribution<int> microseconds(1'000, 5'000 << tries);
    std::this_thread::sleep_for(std::chrono::microseconds(microseconds(random)));
}

/// One try. An error while no connection could be had is a pg::Error; one after the statement was sent may hide a
/// commit.
RestAnswer call_once(pg::Pool& pool, const std::string& sql, const RestCall& call) {
    auto lease = pool.acquire();
    try {
        return read_answer(lease->query(sql, call.params, true), call);
    } catch (const pg::Error& error) {
        if (call.writes && error.outcome_unknown()) {
            throw OutcomeUnknown(error.what());
        }
        throw;
    }
}

}  // namespace

RestAnswer RestCalls::call(const RestCall& call) {
    const std::string sql = statement(call);
    bool reconnected = false;
    for (int tries = 1;; ++tries) {
        try {
            return call_once(pool_, sql, call);
        } catch (const pg::Error& error) {
            const bool again = error.retryable()
                                   ? tries < kMostTries
                                   : !call.writes && error.connection_lost() && !std::exchange(reconnected, true);
            if (!again) {
                throw;
            }
        }
        pause_before_retry(tries);
    }
}

}  // namespace moai::store
