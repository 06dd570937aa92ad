// QueueUpkeep on a connection of its own, which may be another login's.
#pragma once

#include <memory>
#include <string>

#include "base/event_loop.hpp"
#include "pg/async_connection.hpp"
#include "store/queue_upkeep.hpp"

namespace moai::store {

/// The connection is made for each tend() and closed at its end. Not thread-safe: lives on its loop's thread.
class PgQueueUpkeep final : public QueueUpkeep {
public:
    struct Options {
        std::string database_url;  ///< of a member of moai_owner, if it is to be of any use
        std::string worker_name;
    };

    PgQueueUpkeep(base::EventLoop& loop, Options options);

    void tend(bool vacuum, Done done) override;
    /// For good. An outstanding tend() is given up, and its callback never comes.
    void close();

private:
    /// moai.upkeep_state().
    struct State {
        bool allowed = false, analyze_due = false;
        std::string owner, login;
        std::int64_t dead_rows = 0, vacuums = 0, analyzes = 0;
    };
    [[nodiscard]] static State read(const pg::Result& rows);

    void ask();
    void asked(const State& state);
    void vacuum();
    void analyze();
    void ask_again();
    void asked_again(const State& state);
    void send(const std::string& sql, void (PgQueueUpkeep::*next)());
    void end(const pg::Error* error);

    base::EventLoop& loop_;
    const Options options_;
    std::unique_ptr<pg::AsyncConnection> connection_;  // while there is any
    Done done_;
    bool vacuum_ = false;  // asked for, then: decided on
    State before_;
    UpkeepReport report_;
};

}  // namespace moai::store
