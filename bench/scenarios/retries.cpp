// How exactly retries start: everything fails once, the retries are due at random times, and each is compared with the
// due time that the database chose for it.
#include <fmt/format.h>

#include <memory>
#include <stdexcept>
#include <unordered_map>
#include <unordered_set>

#include "pg/connection.hpp"
#include "scenarios/scenarios.hpp"
#include "support/child.hpp"
#include "support/database.hpp"
#include "support/sink.hpp"
#include "support/statistics.hpp"

namespace moai::bench {
namespace {

// Every second succeeds at once: an endpoint that fails twenty times in a row is left alone for a while, and answers
// come in any order. Of 1000 and as many by chance that is one run of a thousand.
constexpr int kSucceeding = 2;

Sink::Rule fail_first() {
    const auto seen = std::make_shared<std::unordered_set<std::int64_t>>();
    return [seen](const Sink::Arrival& arrival) {
        return arrival.seq % kSucceeding != 0 && seen->insert(arrival.seq).second ? Sink::Answer::unavailable
                                                                                  : Sink::Answer::ok;
    };
}

std::int64_t integer(const pg::Result& rows, int row, int column) {
    return std::stoll(std::string(rows.text(row, column)));
}

}  // namespace

void retries(Run& run) {
    const int events = run.count("retries") * kSucceeding / (kSucceeding - 1);
    const int count = events - events / kSucceeding;
    while (run.next()) {
        const Sink sink(fail_first());
        const Database database;
        pg::Connection connection(database.url(), "bench");
        // The jitter makes the times random: from one to two times the base.
        const auto base = fmt::format("{} seconds", run.number("base"));
        connection.query(
            "SELECT moai.create_subscription($1, ARRAY['bench'], retry_base => $2::interval, retry_jitter => 1)",
            {sink.url(), base});
        preload(database.url(), events);
        const Child worker(worker_arguments(database.url()));
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30) +
                              std::chrono::seconds(2 * static_cast<int>(run.number("base")));
        if (!sink.wait_for(static_cast<std::uint64_t>(events) + static_cast<std::uint64_t>(count), deadline)) {
            throw std::runtime_error(fmt::format("only {} of {} requests came", sink.requests(), events + count));
        }
        wait_until_finished(database.url(), deadline);

        std::unordered_map<std::int64_t, std::int64_t> retried_at;  // by the event's number
        std::unordered_set<std::int64_t> seen;
        for (const auto& arrival : sink.arrivals()) {
            if (!seen.insert(arrival.seq).second) {
                retried_at.emplace(arrival.seq, arrival.first_byte_us);
            }
        }
        const auto due = connection.query(
            "SELECT e.payload ->> 'seq', (extract(epoch FROM a.next_due_at) * 1000000)::bigint "
            "FROM moai_private.attempt AS a JOIN moai_private.event AS e ON e.id = a.event_id WHERE a.attempt_no = 1");
        std::vector<std::int64_t> late;
        for (int row = 0; row < due.rows(); ++row) {
            if (const auto retry = retried_at.find(integer(due, row, 0)); retry != retried_at.end()) {
                late.push_back(retry->second - integer(due, row, 1));
            }
        }
        run.figure("earliest", percentile_ms(late, 0));
        run.figure("p50", percentile_ms(late, 0.5));
        run.figure("p99", percentile_ms(late, 0.99));
        run.figure("max", percentile_ms(late, 1));
        run.figure("retried", static_cast<double>(late.size()) / count);
    }
}

}  // namespace moai::bench
