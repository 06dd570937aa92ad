// Office on PostgreSQL: a connection of its own, because it waits for locks.
#pragma once

#include <functional>
#include <string>

#include "base/event_loop.hpp"
#include "pg/async_connection.hpp"
#include "store/office.hpp"

namespace moai::store {

/// Not thread-safe: lives on its loop's thread.
class PgOffice final : public Office {
public:
    struct Options {
        std::string database_url, worker_name;
        std::chrono::milliseconds longest_patience;  ///< of the calls that are made
    };
    struct Callbacks {
        std::function<void()> on_ready;  ///< (again) connected, without office and flag
        std::function<void(const pg::Error&)> on_lost;
    };

    PgOffice(base::EventLoop& loop, const Options& options, const Callbacks& callbacks);

    void start();
    /// For good. An outstanding call ends with a connection_lost error.
    void close();

    [[nodiscard]] bool ready() const override;
    void await_office(std::chrono::milliseconds patience, Answered answered) override;
    void fall_asleep(std::chrono::milliseconds patience, Asleep answered) override;
    void wake_up(Done done) override;
    void call_for_help(Done done) override;
    void leave_office(Done done) override;

private:
    void tell(const std::string& sql, Done done);

    const std::string worker_name_;
    pg::AsyncConnection session_;
};

}  // namespace moai::store
