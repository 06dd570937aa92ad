#include "store/pg_queue_upkeep.hpp"

#include <charconv>
#include <chrono>
#include <string_view>
#include <utility>

#include "store/session_setup.hpp"

namespace moai::store {
namespace {

// As many as autovacuum takes for a reason (db/migrations): left by workers that are gone.
constexpr std::int64_t kManyDeadRows = 5'000;

const std::string kState =
    "SELECT allowed, analyze_due, owner, dead_rows, vacuums, analyzes, current_user FROM moai.upkeep_state()";
// No function can: VACUUM is no part of a transaction. Without the index entries of dead rows, which the claims walk
// over, half of it would be left undone; truncation would lock the claims out.
const std::string kVacuum = "VACUUM (SKIP_LOCKED, INDEX_CLEANUP on, TRUNCATE off) moai_private.delivery";
const std::string kAnalyze = "ANALYZE (SKIP_LOCKED) moai_private.event, moai_private.attempt, moai_private.outcome";

std::int64_t number(std::string_view text) {
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

pg::AsyncConnection::Options connection_options(const PgQueueUpkeep::Options& options) {
    pg::AsyncConnection::Options result{options.database_url, "moai upkeep " + options.worker_name,
                                        worker_session_setup()};
    result.session_setup.emplace_back("SET synchronous_commit = off");
    result.session_setup.emplace_back("SET statement_timeout = '10min'");
    result.statement_deadline = std::chrono::minutes(11);
    return result;
}

}  // namespace

PgQueueUpkeep::PgQueueUpkeep(base::EventLoop& loop, Options options) : loop_(loop), options_(std::move(options)) {}

void PgQueueUpkeep::tend(bool vacuum, Done done) {
    done_ = std::move(done);
    vacuum_ = vacuum;
    report_ = {};
    connection_ = std::make_unique<pg::AsyncConnection>(
        loop_, connection_options(options_),
        pg::AsyncConnection::Callbacks{[this] { ask(); }, [this](const pg::Error& error) { end(&error); }, nullptr});
    connection_->start();
}

void PgQueueUpkeep::close() {
    connection_.reset();
    done_ = nullptr;
}

PgQueueUpkeep::State PgQueueUpkeep::read(const pg::Result& rows) {
    return {.allowed = rows.text(0, 0) == "t",
            .analyze_due = rows.text(0, 1) == "t",
            .owner = std::string(rows.text(0, 2)),
            .login = std::string(rows.text(0, 6)),
            .dead_rows = number(rows.text(0, 3)),
            .vacuums = number(rows.text(0, 4)),
            .analyzes = number(rows.text(0, 5))};
}

void PgQueueUpkeep::ask() {
    connection_->send(kState, {}, [this](const pg::Result& rows, const pg::Error* error) {
        if (error != nullptr) {
            end(error);
        } else {
            asked(read(rows));
        }
    });
}

void PgQueueUpkeep::asked(const State& state) {
    before_ = state;
    report_.owner = state.owner;
    report_.login = state.login;
    report_.dead_rows = state.dead_rows;
    if (!state.allowed) {
        report_.result = UpkeepReport::Result::refused;
        end(nullptr);
        return;
    }
    vacuum_ = vacuum_ || state.dead_rows >= kManyDeadRows;
    vacuum();
}

void PgQueueUpkeep::vacuum() {
    if (vacuum_) {
        send(kVacuum, &PgQueueUpkeep::analyze);
    } else {
        analyze();
    }
}

void PgQueueUpkeep::analyze() {
    if (before_.analyze_due) {
        send(kAnalyze, &PgQueueUpkeep::ask_again);
    } else {
        ask_again();
    }
}

/// That they returned says nothing: what was skipped or not permitted is only warned of.
void PgQueueUpkeep::ask_again() {
    if (!vacuum_ && !before_.analyze_due) {
        end(nullptr);
        return;
    }
    connection_->send(kState, {}, [this](const pg::Result& rows, const pg::Error* error) {
        if (error != nullptr) {
            end(error);
        } else {
            asked_again(read(rows));
        }
    });
}

void PgQueueUpkeep::asked_again(const State& state) {
    report_.vacuumed = vacuum_ && state.vacuums > before_.vacuums;
    report_.analyzed = before_.analyze_due && state.analyzes > before_.analyzes;
    if (report_.vacuumed != vacuum_ || report_.analyzed != before_.analyze_due) {
        report_.result = UpkeepReport::Result::skipped;
    }
    end(nullptr);
}

void PgQueueUpkeep::send(const std::string& sql, void (PgQueueUpkeep::*next)()) {
    connection_->send(sql, {}, [this, next](const pg::Result&, const pg::Error* error) {
        if (error != nullptr) {
            end(error);
        } else {
            (this->*next)();
        }
    });
}

void PgQueueUpkeep::end(const pg::Error* error) {
    connection_.reset();
    std::exchange(done_, nullptr)(report_, error);
}

}  // namespace moai::store
