#include "worker/upkeep.hpp"

#include <algorithm>
#include <utility>

#include "log/log.hpp"

namespace moai::worker {

using Result = store::UpkeepReport::Result;
using std::chrono::microseconds;
using std::chrono::steady_clock;

namespace {

// At most this part of the time is spent vacuuming: with an old transaction open, each finds more and can remove
// nothing.
constexpr int kPart = 10;

}  // namespace

Upkeep::Upkeep(base::EventLoop& loop, store::QueueUpkeep& store, metrics::Registry& metrics, Options options)
    : loop_(loop),
      store_(store),
      metrics_(metrics),
      options_(options),
      backoff_(options.first_retry, options.longest_retry) {}

Upkeep::~Upkeep() { loop_.cancel(timer_); }

void Upkeep::start() {
    if (!std::exchange(started_, true)) {
        run();
    }
}

void Upkeep::rows_changed(std::uint64_t count) {
    changed_ += count;
    plan();
}

/// A timer for when it is needed next; none while it is not, or runs.
void Upkeep::plan() {
    if (!started_ || running_ || changed_ == 0) {
        return;
    }
    const auto at = std::max(not_before_, changed_ >= options_.rows ? SteadyTime() : last_ + options_.interval);
    if (timer_ != 0 && timer_at_ <= at) {
        return;
    }
    loop_.cancel(timer_);
    timer_at_ = at;
    timer_ = loop_.at(at, [this] {
        timer_ = 0;
        run();
    });
}

void Upkeep::run() {
    loop_.cancel(std::exchange(timer_, 0));
    running_ = true;
    tending_ = changed_;
    const auto begun = steady_clock::now();
    store_.tend(changed_ >= options_.rows, [this, begun](const store::UpkeepReport& report, const pg::Error* error) {
        ended(begun, report, error);
    });
}

void Upkeep::ended(SteadyTime begun, const store::UpkeepReport& report, const pg::Error* error) {
    running_ = false;
    last_ = steady_clock::now();
    not_before_ = last_ + std::max<steady_clock::duration>(judge(report, error), kPart * (last_ - begun));
    plan();
}

/// Counts and tells how it ended; how long it is to rest.
microseconds Upkeep::judge(const store::UpkeepReport& report, const pg::Error* error) {
    if (error != nullptr) {
        metrics_.upkeep("failed");
        tell_once(error->what(), report);
        return backoff_.next();
    }
    backoff_.reset();
    switch (report.result) {
        case Result::refused:
            metrics_.upkeep("refused");
            tell_once("refused", report);
            return options_.after_refusal;
        case Result::skipped: metrics_.upkeep("skipped"); return options_.pause;
        case Result::done: break;
    }
    metrics_.upkeep("done");
    changed_ -= tending_;
    if (!std::exchange(told_, "").empty()) {
        log::info("upkeep works again");
    }
    log::debug("upkeep",
               {{"dead_rows", report.dead_rows}, {"vacuumed", report.vacuumed}, {"analyzed", report.analyzed}});
    return options_.pause;
}

void Upkeep::tell_once(const std::string& what, const store::UpkeepReport& report) {
    if (std::exchange(told_, what) == what) {
        return;
    }
    if (report.result == Result::refused) {
        const std::string hint = "GRANT " + report.owner + " TO " + report.login +
                                 ", or give --maintenance-url of a login that is a member of it";
        log::warning("this login may not vacuum the queue, only autovacuum keeps it small",
                     {{"login", report.login}, {"hint", hint}});
    } else {
        log::warning("upkeep of the queue failed, will repeat", {{"reason", what}});
    }
}

}  // namespace moai::worker
