// POST /events, alone and while a worker delivers.
#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <thread>
#include <unordered_set>

#include "scenarios/scenarios.hpp"
#include "support/child.hpp"
#include "support/http_load.hpp"
#include "support/served.hpp"
#include "support/statistics.hpp"

namespace moai::bench {
namespace {

constexpr std::chrono::seconds kCatchUp{60};

/// Accepted events that did not come, told apart by their numbers.
double lost(const std::vector<Sink::Arrival>& arrivals, std::uint64_t accepted) {
    std::unordered_set<std::int64_t> seen;
    for (const auto& arrival : arrivals) {
        seen.insert(arrival.seq);
    }
    return static_cast<double>(accepted) - static_cast<double>(std::min<std::size_t>(seen.size(), accepted));
}

}  // namespace

void post(Run& run) {
    while (run.next()) {
        const Served moai;
        HttpLoad load{
            .port = moai.api.port(), .connections = run.count("connections"), .seconds = run.number("warm_up")};
        const auto warm_up = run_http_load(load);
        load.seconds = run.number("seconds");
        load.first_seq += static_cast<std::int64_t>(warm_up.accepted);
        const CpuMeter meter(run.postmaster(), {moai.api.pid()});
        const auto result = run_http_load(load);
        const auto cpu = meter.read();
        const auto accepted = static_cast<double>(result.accepted);
        run.figure("rate", accepted / result.seconds, cpu.text(accepted));
        run.figure("p50", percentile_ms(result.answer_us, 0.5));
        run.figure("p99", percentile_ms(result.answer_us, 0.99));
        run.figure("moai_cpu", 1e6 * cpu.moai / accepted);
        run.figure("postgres_cpu", 1e6 * cpu.postgres / accepted);
        run.figure("refused", static_cast<double>(result.refused));
    }
}

void mixed_closed(Run& run) {
    while (run.next()) {
        const Served moai;
        const Child worker(worker_arguments(moai.database.url()));
        const CpuMeter meter(run.postmaster(), {moai.api.pid(), worker.pid()});
        const auto begin = std::chrono::steady_clock::now();
        const auto result = run_http_load(
            {.port = moai.api.port(), .connections = run.count("connections"), .seconds = run.number("seconds")});
        const auto end = std::chrono::steady_clock::now();
        const auto backlog =
            static_cast<double>(result.accepted) - static_cast<double>(std::min(moai.sink.requests(), result.accepted));
        run.say("catching up");
        static_cast<void>(moai.sink.wait_for(result.accepted, end + kCatchUp));
        const auto caught_up = std::chrono::steady_clock::now();
        const auto cpu = meter.read();
        const auto accepted = static_cast<double>(result.accepted);
        run.figure("accepted", accepted / result.seconds, cpu.text(accepted));
        run.figure("delivered", static_cast<double>(moai.sink.requests()) /
                                    std::chrono::duration<double>(caught_up - begin).count());
        run.figure("catch_up", std::chrono::duration<double>(caught_up - end).count());
        run.figure("backlog", backlog);
        run.figure("p99", percentile_ms(result.answer_us, 0.99));
        run.figure("lost", lost(moai.sink.arrivals(), result.accepted));
    }
}

void mixed_open(Run& run) {
    const auto window_us = static_cast<std::int64_t>(1e6 * run.number("window"));
    while (run.next()) {
        const Served moai;
        const Child worker(worker_arguments(moai.database.url()));
        HttpLoad load{.port = moai.api.port(),
                      .connections = run.count("connections"),
                      .seconds = 1,
                      .rate = run.number("rate"),
                      .first_seq = -1'000'000'000};  // told apart by their sign, and not counted
        const auto warm_up = run_http_load(load);
        load.seconds = run.number("seconds");
        load.first_seq = 1;
        const CpuMeter meter(run.postmaster(), {moai.api.pid(), worker.pid()});
        const auto result = run_http_load(load);
        static_cast<void>(
            moai.sink.wait_for(result.accepted + warm_up.accepted, std::chrono::steady_clock::now() + kCatchUp));
        const auto cpu = meter.read();

        auto arrivals = moai.sink.arrivals();
        arrivals.erase(std::remove_if(arrivals.begin(), arrivals.end(), [](const auto& a) { return a.seq <= 0; }),
                       arrivals.end());
        const auto by_due = [](const auto& a, const auto& b) { return a.sent_at_us < b.sent_at_us; };
        std::sort(arrivals.begin(), arrivals.end(), by_due);
        if (arrivals.empty()) {
            throw std::runtime_error("nothing came");
        }
        const auto first = arrivals.front().sent_at_us, last = arrivals.back().sent_at_us;
        std::vector<std::int64_t> all, in_first, in_last;
        for (const auto& arrival : arrivals) {
            all.push_back(arrival.first_byte_us - arrival.sent_at_us);
            if (arrival.sent_at_us < first + window_us) {
                in_first.push_back(all.back());
            }
            if (arrival.sent_at_us > last - window_us) {
                in_last.push_back(all.back());
            }
        }
        const double p99_first = percentile_ms(in_first, 0.99), p99_last = percentile_ms(in_last, 0.99);
        run.figure("p50", percentile_ms(all, 0.5));
        run.figure("p99", percentile_ms(all, 0.99), cpu.text(static_cast<double>(result.accepted)));
        run.figure("p99_first", p99_first);
        run.figure("p99_last", p99_last);
        run.figure("growth", p99_last / p99_first);
        run.figure("lost", lost(arrivals, result.accepted));
    }
}

}  // namespace moai::bench
