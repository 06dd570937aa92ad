#include "support/drained.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

#include "pg/connection.hpp"
#include "support/child.hpp"

namespace moai::bench {

Drained drain_queue(const Run& run, const Database& database, Sink& sink, int deliveries, int workers) {
    run.say(fmt::format("draining {} by {}", deliveries, workers));
    sink.reset();
    pg::Connection connection(database.url(), "bench");
    connection.query("SELECT pg_stat_statements_reset()");
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60 + deliveries / 500);

    std::vector<std::unique_ptr<Child>> children;
    std::vector<pid_t> pids;
    for (int i = 0; i < workers; ++i) {
        children.push_back(std::make_unique<Child>(worker_arguments(database.url())));
        pids.push_back(children.back()->pid());
    }
    const auto all = static_cast<std::uint64_t>(deliveries);
    bool came = sink.wait_for(1, deadline);
    const CpuMeter meter(run.postmaster(), pids);
    const auto before = sink.requests();
    came = came && sink.wait_for(all, deadline);
    if (!came) {
        throw std::runtime_error(fmt::format("only {} of {} came", sink.requests(), deliveries));
    }
    wait_until_finished(database.url(), deadline);

    Drained drained;
    drained.cpu = meter.read();
    // At least one: a tiny drain may be over before the meter begins.
    drained.units = std::max(1.0, static_cast<double>(sink.requests() - before));
    drained.rate = static_cast<double>(sink.requests() - 1) / sink.span().count();
    drained.requests = static_cast<double>(sink.requests()) / deliveries;
    const auto calls = connection.query(
        "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements "
        "WHERE toplevel AND query ~ 'moai\\.(claim|complete)_deliveries' AND dbid = (SELECT oid FROM pg_database WHERE "
        "datname = current_database())");
    drained.statements = std::stod(std::string(calls.text(0, 0))) / deliveries;
    return drained;
}

}  // namespace moai::bench
