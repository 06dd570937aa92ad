#include "store/event_intake.hpp"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <utility>

#include "base/backoff.hpp"
#include "pg/copy_rows.hpp"
#include "store/rest_backend.hpp"

namespace moai::store {
namespace {

using namespace std::chrono_literals;

constexpr int kMostTries = 4;  // the first and three repeats

// READ COMMITTED: above it, a key that somebody has just taken could only be answered by failing.
// Dropped at each COMMIT: behind a pool of transactions the session is another's next, which would keep the table for
// as long as it lives, with an age that autovacuum cannot take from it. The rows of catalogs that this costs are few
// beside a thousand events.
const std::string kBegin =
    "BEGIN ISOLATION LEVEL READ COMMITTED; CREATE TEMPORARY TABLE moai_event_line (place integer NOT NULL, line json "
    "NOT NULL) ON COMMIT DROP";
const std::string kCopy = "COPY pg_temp.moai_event_line (place, line) FROM STDIN (FORMAT binary)";
// json_agg puts texts of type json together as they are.
const std::string kPublish =
    "SELECT duplicate, code, message, detail, hint FROM moai.publish_batch(events => (SELECT json_agg(l.line "
    "ORDER "
    "BY l.place) FROM pg_temp.moai_event_line AS l), on_error => 'report')";

// Columns of what it returns.
constexpr int kDuplicate = 0, kCode = 1, kMessage = 2, kDetail = 3, kHint = 4;

/// It would be the same for any lines: a connection, a server or rights that are not as they should be.
bool concerns_no_line(const pg::Error& error) {
    const std::string_view state = error.sqlstate();
    if (error.connection_lost()) {
        return true;
    }
    for (const std::string_view begin : {"25", "3F", "42", "53", "57P", "58"}) {
        if (state.starts_with(begin)) {
            return true;
        }
    }
    return false;
}

Taken read(const pg::Result& rows, std::span<const EventLine> lines) {
    if (rows.rows() != static_cast<int>(lines.size())) {
        throw std::runtime_error("moai.publish_batch did not answer for each event");
    }
    Taken taken;
    for (int row = 0; row < rows.rows(); ++row) {
        const EventLine& line = lines[static_cast<std::size_t>(row)];
        if (!rows.is_null(row, kCode)) {
            taken.refused.push_back({line.number, std::string(rows.text(row, kCode)),
                                     std::string(rows.text(row, kMessage)), std::string(rows.text(row, kDetail)),
                                     std::string(rows.text(row, kHint))});
        } else if (rows.text(row, kDuplicate) == "t") {
            ++taken.duplicates;
        } else {
            ++taken.published;
        }
    }
    return taken;
}

void add(Taken& sum, Taken more) {
    sum.published += more.published;
    sum.duplicates += more.duplicates;
    sum.through = more.through;
    std::move(more.refused.begin(), more.refused.end(), std::back_inserter(sum.refused));
}

}  // namespace

void EventIntake::publish(std::span<const EventLine> lines, OnRefusal on_refusal, Taken& taken) {
    base::Backoff backoff(5ms, 40ms);
    for (int tries = 1;; ++tries) {
        try {
            return publish_together(lines, on_refusal, taken);
        } catch (const pg::Error& error) {
            if (connection_.interrupted() || concerns_no_line(error) || (error.retryable() && tries == kMostTries)) {
                throw;
            }
            connection_.script("ROLLBACK");
            if (!error.retryable() && lines.size() > 1) {
                return publish_halves(lines, on_refusal, taken);
            }
            if (!error.retryable()) {
                const EventLine& line = lines.front();
                taken.refused.push_back({line.number, error.sqlstate(), error.what(), error.detail(), error.hint()});
                taken.through = line.number;
                return;
            }
        }
        std::this_thread::sleep_for(backoff.next());
    }
}

void EventIntake::publish_halves(std::span<const EventLine> lines, OnRefusal on_refusal, Taken& taken) {
    const std::size_t half = lines.size() / 2;
    publish(lines.first(half), on_refusal, taken);
    if (taken.refused.empty() || on_refusal == OnRefusal::skip) {
        publish(lines.subspan(half), on_refusal, taken);
    }
}

void EventIntake::publish_together(std::span<const EventLine> lines, OnRefusal on_refusal, Taken& taken) {
    Taken these = transact(lines);
    if (these.refused.empty() || on_refusal == OnRefusal::skip) {
        commit();
        these.through = lines.back().number;
        add(taken, std::move(these));
        return;
    }
    connection_.script("ROLLBACK");
    const RefusedLine& first = these.refused.front();
    const auto place =
        std::find_if(lines.begin(), lines.end(), [&](const EventLine& line) { return line.number == first.number; });
    if (place != lines.begin()) {
        publish({lines.begin(), place}, on_refusal, taken);
    }
    if (taken.refused.empty()) {
        taken.refused.push_back(first);
        taken.through = first.number;
    }
}

Taken EventIntake::transact(std::span<const EventLine> lines) {
    connection_.script(kBegin);
    pg::CopyRows rows;
    std::int32_t place = 0;
    for (const EventLine& line : lines) {
        rows.begin_row(2);
        rows.integer(place++);
        rows.text(line.text);
    }
    connection_.copy_in(kCopy, rows.finish());
    return read(connection_.query(kPublish), lines);
}

void EventIntake::commit() {
    try {
        connection_.script("COMMIT");
    } catch (const pg::Error& error) {
        if (error.outcome_unknown()) {
            throw OutcomeUnknown(error.what());
        }
        throw;
    }
}

}  // namespace moai::store
