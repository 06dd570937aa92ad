// The parts alone, so that what hand-overs between them cost can be told: the store layer without HTTP, the transport
// without a database, publishing in groups without HTTP, and the HTTP server without publishing.
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <ctime>
#include <future>
#include <stdexcept>
#include <vector>

#include "base/event_loop.hpp"
#include "delivery/curl_transport.hpp"
#include "delivery/request_builder.hpp"
#include "pg/pool.hpp"
#include "scenarios/scenarios.hpp"
#include "store/pg_delivery_queue.hpp"
#include "store/rest_calls.hpp"
#include "support/child.hpp"
#include "support/cpu.hpp"
#include "support/database.hpp"
#include "support/http_load.hpp"
#include "support/sink.hpp"

namespace moai::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kBatch = 500;       // of claims and results, as the worker's
constexpr int kGroupThreads = 2;  // as the API has
constexpr int kGroup = 16;        // what 32 connections make of them

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

/// CPU seconds of the calling thread: the sink's thread is not counted.
double thread_cpu() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

/// Claims on one connection and completes on the other, as a worker whose requests take no time.
class ClaimAndComplete {
public:
    ClaimAndComplete(const std::string& url, int deliveries)
        : deliveries_(deliveries),
          queue_(loop_, {.database_url = url, .worker_name = "bench"},
                 {.on_ready = [this] { step(); },
                  .on_lost = [](const pg::Error& error) { throw std::runtime_error(error.what()); }}) {}

    void run() {
        queue_.start();
        loop_.run();
        queue_.close();
    }

private:
    void step() {
        if (completed_ == deliveries_) {
            loop_.stop();
            return;
        }
        if (queue_.can_claim() && claimed_ < deliveries_ && results_.size() < 4 * std::size_t{kBatch}) {
            queue_.claim(kBatch, {.in_office = true}, {}, [this](const store::Claim& claim, const pg::Error* error) {
                require(error);
                note(claim);
                step();
            });
        }
        if (queue_.can_record() && !results_.empty()) {
            const auto end =
                results_.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(results_.size(), kBatch));
            const std::vector<store::DeliveryResult> batch(results_.begin(), end);
            results_.erase(results_.begin(), end);
            queue_.record(batch, {}, [this](const store::Recorded& recorded, const pg::Error* error) {
                require(error);
                completed_ += recorded.delivered;
                step();
            });
        }
    }

    static void require(const pg::Error* error) {
        if (error != nullptr) {
            throw std::runtime_error(error->what());
        }
    }

    void note(const store::Claim& claim) {
        claimed_ += static_cast<int>(claim.deliveries.size());
        for (const auto& delivery : claim.deliveries) {
            store::DeliveryResult result;
            result.event_id = delivery.event_id;
            result.subscription_id = delivery.subscription_id;
            result.lease_token = delivery.lease_token;
            result.attempt_no = delivery.attempt_no;
            result.outcome = store::DeliveryResult::Outcome::delivered;
            result.started_at_us = claim.claimed_at_us;
            result.http_status = 200;
            result.remote_address = "127.0.0.1:80";
            result.first_byte_us = 100;
            result.total_us = 200;
            results_.push_back(std::move(result));
        }
    }

    const int deliveries_;
    int claimed_ = 0, completed_ = 0;
    std::vector<store::DeliveryResult> results_;
    base::EventLoop loop_;
    store::PgDeliveryQueue queue_;
};

void measure_sql(Run& run, int deliveries) {
    run.say("SQL only");
    const Database database;
    subscribe(database.url(), "http://127.0.0.1:80/");
    preload(database.url(), deliveries);
    settle(database.url());
    ClaimAndComplete worker(database.url(), deliveries);
    const CpuMeter meter(run.postmaster(), {});
    const double cpu = thread_cpu();
    const auto begin = Clock::now();
    worker.run();
    run.figure("sql_rate", deliveries / seconds_since(begin));
    run.figure("sql_moai_cpu", 1e6 * (thread_cpu() - cpu) / deliveries);
    run.figure("sql_postgres_cpu", 1e6 * meter.read().postgres / deliveries);
}

/// Builds, signs and sends requests to one endpoint, by half of what may be in flight at a time, as claims bring them.
class SendOnly {
public:
    SendOnly(const std::string& url, int requests, int in_flight)
        : requests_(requests), in_flight_(in_flight), transport_(loop_, options(in_flight)) {
        delivery_.event_id = "01900000-0000-7000-8000-000000000000";
        delivery_.subscription_id = "01900000-0000-7000-8000-000000000001";
        delivery_.attempt_no = 1;
        delivery_.event_type = "bench";
        delivery_.published_at = "2026-01-01T00:00:00.000000Z";
        delivery_.payload = payload(1, 0);
        delivery_.url = url;
        delivery_.format = "standard";
        delivery_.secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
        delivery_.timeout = std::chrono::seconds(15);
    }

    void run() {
        loop_.post([this] { refill(); });
        loop_.run();
    }

private:
    static delivery::CurlTransportOptions options(int in_flight) {
        delivery::CurlTransportOptions options;
        options.max_connections = static_cast<std::size_t>(in_flight);
        options.egress = delivery::EgressPolicy({.allowed = {base::Destination::parse("127.0.0.1").value()}});
        return options;
    }

    void refill() {
        while (sent_ < requests_ && sent_ - answered_ < in_flight_) {
            send();
        }
        transport_.begin_now();
    }

    void send() {
        ++sent_;
        transport_.send(delivery::build_request(delivery_, 1'767'225'600, keyring_),
                        [this](const worker::TransferResult& result) {
                            if (result.error_class != worker::ErrorClass::none) {
                                throw std::runtime_error(result.error_detail);
                            }
                            if (++answered_ == requests_) {
                                loop_.stop();
                            } else if (sent_ - answered_ == in_flight_ / 2) {
                                loop_.post([this] { refill(); });
                            }
                        });
    }

    const int requests_, in_flight_;
    int sent_ = 0, answered_ = 0;
    delivery::Keyring keyring_;
    store::ClaimedDelivery delivery_;
    base::EventLoop loop_;
    delivery::CurlTransport transport_;
};

void measure_http(Run& run, int requests, int in_flight) {
    run.say("HTTP only");
    const Sink sink;
    SendOnly worker(sink.url(), requests, in_flight);
    const double cpu = thread_cpu();
    const auto begin = Clock::now();
    worker.run();
    run.figure("http_rate", requests / seconds_since(begin));
    run.figure("http_moai_cpu", 1e6 * (thread_cpu() - cpu) / requests);
}

int publish_groups(store::RestCalls& calls, double seconds) {
    const auto document = fmt::format(R"({{"type":"bench","payload":{}}})", payload(1, 0));
    const std::vector<store::PublishItem> items(kGroup, {document, std::nullopt});
    int published = 0;
    for (const auto begin = Clock::now(); seconds_since(begin) < seconds;) {
        for (const auto& answer : calls.publish_group(items)) {
            if (!std::holds_alternative<store::RestAnswer>(answer)) {
                throw std::runtime_error("an event was refused");
            }
            ++published;
        }
    }
    return published;
}

void measure_publishing(Run& run, double seconds) {
    run.say("publishing only");
    const Database database;
    subscribe(database.url(), "http://127.0.0.1:80/");
    settle(database.url());
    pg::Pool pool(
        {.database_url = database.url(), .application_name = "bench", .session_setup = "", .size = kGroupThreads});
    store::RestCalls calls(pool, pool);
    const auto begin = Clock::now();
    std::vector<std::future<int>> threads;
    threads.reserve(kGroupThreads);
    for (int i = 0; i < kGroupThreads; ++i) {
        threads.push_back(std::async(std::launch::async, [&] { return publish_groups(calls, seconds); }));
    }
    int published = 0;
    for (auto& thread : threads) {
        published += thread.get();
    }
    run.figure("publish_rate", published / seconds_since(begin));

    run.say("answering only");
    const Api api(database.url());
    const auto answered = run_http_load({.port = api.port(), .seconds = seconds, .first_seq = 0});
    if (answered.refused > 0) {
        throw std::runtime_error(fmt::format("{} requests were refused", answered.refused));
    }
    run.figure("answer_rate", static_cast<double>(answered.accepted) / answered.seconds);
}

}  // namespace

void parts(Run& run) {
    const int deliveries = run.count("deliveries");
    while (run.next()) {
        measure_sql(run, deliveries);
        measure_http(run, deliveries, run.count("in_flight"));
        measure_publishing(run, run.number("seconds"));
    }
}

}  // namespace moai::bench
