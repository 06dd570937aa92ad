#include "metrics/registry.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <iterator>
#include <system_error>

namespace moai::metrics {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;
using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using Buckets = Histogram::BucketBoundaries;

const Buckets kLatencySeconds{0.001, 0.002, 0.003, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1,
                              0.25,  0.5,   1,     2.5,   5,    10,    30,    60,   300};
const Buckets kBatchSizes{0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024};

// A client chooses its method: unknown ones must not each make a time series.
std::string known_method(std::string_view method) {
    static constexpr std::array<std::string_view, 9> kMethods{"GET",     "HEAD",    "POST",  "PUT",  "DELETE",
                                                              "CONNECT", "OPTIONS", "TRACE", "PATCH"};
    return std::find(kMethods.begin(), kMethods.end(), method) == kMethods.end() ? "other" : std::string(method);
}

std::uint64_t most_descriptors() {
    rlimit limit{};
    return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

std::uint64_t open_descriptors() {
    std::error_code error;
    const std::filesystem::directory_iterator all("/proc/self/fd", error);
    if (error) {
        return most_descriptors();  // none is left to count them with
    }
    return static_cast<std::uint64_t>(std::distance(begin(all), end(all))) - 1;  // the one that reads them
}

double seconds(std::chrono::microseconds value) { return std::chrono::duration<double>(value).count(); }

Family<Counter>& counters(prometheus::Registry& registry, const char* name, const char* help) {
    return BuildCounter().Name(name).Help(help).Register(registry);
}

Gauge& gauge(prometheus::Registry& registry, const char* name, const char* help) {
    return BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

Histogram& histogram(prometheus::Registry& registry, const char* name, const char* help, const Buckets& buckets) {
    return BuildHistogram().Name(name).Help(help).Register(registry).Add({}, buckets);
}

}  // namespace

struct Registry::Impl {
    prometheus::Registry registry;

    Counter& events_accepted =
        counters(registry, "moai_events_accepted_total", "Events accepted by the API, repeats not counted.").Add({});
    Histogram& publish_group =
        histogram(registry, "moai_publish_group", "Requests published by one transaction of the API.", kBatchSizes);
    Family<Counter>& api_requests =
        counters(registry, "moai_api_requests_total", "API requests by route pattern, method and status.");
    Histogram& api_seconds = histogram(registry, "moai_api_request_seconds",
                                       "Time from a whole API request to its answer.", kLatencySeconds);

    Counter& claims = counters(registry, "moai_claims_total", "Claims made, empty ones included.").Add({});
    Histogram& claim_batch = histogram(registry, "moai_claim_batch", "Deliveries per claim.", kBatchSizes);
    Histogram& claim_seconds =
        histogram(registry, "moai_claim_seconds", "Time from asking for a claim to its answer.", kLatencySeconds);
    Family<Counter>& attempts =
        counters(registry, "moai_attempts_total", "Attempts made, by error class (none: a 2xx answer).");
    Family<Counter>& deliveries =
        counters(registry, "moai_deliveries_total", "What became of deliveries when their attempt was recorded.");
    Counter& delivered = deliveries.Add({{"outcome", "delivered"}});
    Counter& retried = deliveries.Add({{"outcome", "retried"}});
    Counter& dead_lettered = deliveries.Add({{"outcome", "dead_lettered"}});
    Counter& orphaned = counters(registry, "moai_orphaned_results_total", "Results whose lease had been lost.").Add({});
    Counter& released = counters(registry, "moai_released_total", "Claimed deliveries given back unsent.").Add({});
    Counter& parked = counters(registry, "moai_parked_total",
                               "Deliveries moved out of the way because their endpoint had no room or failed.")
                          .Add({});
    Counter& unparked =
        counters(registry, "moai_unparked_total", "Parked deliveries brought back because there was room.").Add({});
    Gauge& breakers_open = gauge(registry, "moai_breakers_open",
                                 "Endpoints that failed too often, or asked to be left alone, and are not sent to.");
    Gauge& in_flight = gauge(registry, "moai_in_flight", "HTTP requests in flight.");
    Gauge& connections =
        gauge(registry, "moai_connections", "Connections open to endpoints, those that wait for a request included.");
    Gauge& open_descriptors = gauge(registry, "process_open_fds", "File descriptors that are open.");
    Gauge& most_descriptors = gauge(registry, "process_max_fds", "File descriptors that may be open.");
    Family<Counter>& wakeups = counters(registry, "moai_wakeups_total", "Why the worker looked for work.");
    Counter& by_notify = wakeups.Add({{"reason", "notify"}});
    Counter& by_timer = wakeups.Add({{"reason", "timer"}});
    Counter& by_safety_look = wakeups.Add({{"reason", "safety_look"}});
    Counter& by_reconnect = wakeups.Add({{"reason", "reconnect"}});
    Counter& by_office = wakeups.Add({{"reason", "office"}});
    Counter& by_linger = wakeups.Add({{"reason", "linger"}});
    Counter& by_help = wakeups.Add({{"reason", "help"}});
    Counter& by_unanswered = wakeups.Add({{"reason", "unanswered"}});
    Counter& by_falling_asleep = wakeups.Add({{"reason", "falling_asleep"}});
    Counter& catches = counters(registry, "moai_safety_look_catches_total",
                                "Safety looks that found work nothing had announced for half a second; stays 0 unless "
                                "a sentinel was frozen or unreachable.")
                           .Add({});
    Family<Counter>& reconnects =
        counters(registry, "moai_reconnects_total",
                 "Database connections lost or not made, by their job; each is followed by another try.");
    Family<Counter>& upkeeps = counters(registry, "moai_upkeep_total", "Upkeep of the queue's table, by how it ended.");
    Histogram& first_byte =
        histogram(registry, "moai_publish_to_first_byte_seconds",
                  "From publishing to the first byte of the first attempt's answer.", kLatencySeconds);
};

Registry::Registry(std::string_view version) : impl_(std::make_unique<Impl>()) {
    BuildGauge()
        .Name("moai_build_info")
        .Help("Always 1; the version is in the label.")
        .Register(impl_->registry)
        .Add({{"version", std::string(version)}})
        .Set(1);
}
Registry::~Registry() = default;

void Registry::publish_group(std::size_t count) { impl_->publish_group.Observe(static_cast<double>(count)); }
void Registry::events_accepted(std::uint64_t count) { impl_->events_accepted.Increment(static_cast<double>(count)); }

void Registry::api_request(std::string_view method, std::string_view route, int status,
                           std::chrono::microseconds took) {
    impl_->api_requests
        .Add({{"method", known_method(method)}, {"route", std::string(route)}, {"status", std::to_string(status)}})
        .Increment();
    impl_->api_seconds.Observe(seconds(took));
}

void Registry::claim_took(std::chrono::microseconds took) { impl_->claim_seconds.Observe(seconds(took)); }

void Registry::claim(std::uint64_t batch_size) {
    impl_->claims.Increment();
    impl_->claim_batch.Observe(static_cast<double>(batch_size));
}

void Registry::attempt(std::string_view error_class) {
    impl_->attempts.Add({{"error_class", std::string(error_class)}}).Increment();
}

void Registry::deliveries(Outcome outcome, std::uint64_t count) {
    Counter& counter = outcome == Outcome::delivered ? impl_->delivered
                       : outcome == Outcome::retried ? impl_->retried
                                                     : impl_->dead_lettered;
    counter.Increment(static_cast<double>(count));
}

void Registry::orphaned(std::uint64_t count) { impl_->orphaned.Increment(static_cast<double>(count)); }
void Registry::released(std::uint64_t count) { impl_->released.Increment(static_cast<double>(count)); }
void Registry::in_flight(std::uint64_t now) { impl_->in_flight.Set(static_cast<double>(now)); }
void Registry::connections(std::uint64_t now) { impl_->connections.Set(static_cast<double>(now)); }

void Registry::parked(std::uint64_t count) { impl_->parked.Increment(static_cast<double>(count)); }
void Registry::unparked(std::uint64_t count) { impl_->unparked.Increment(static_cast<double>(count)); }
void Registry::breakers_open(std::uint64_t now) { impl_->breakers_open.Set(static_cast<double>(now)); }

void Registry::wakeup(WakeReason reason) {
    switch (reason) {
        case WakeReason::notify: impl_->by_notify.Increment(); break;
        case WakeReason::timer: impl_->by_timer.Increment(); break;
        case WakeReason::safety_look: impl_->by_safety_look.Increment(); break;
        case WakeReason::reconnect: impl_->by_reconnect.Increment(); break;
        case WakeReason::office: impl_->by_office.Increment(); break;
        case WakeReason::linger: impl_->by_linger.Increment(); break;
        case WakeReason::help: impl_->by_help.Increment(); break;
        case WakeReason::unanswered: impl_->by_unanswered.Increment(); break;
        case WakeReason::falling_asleep: impl_->by_falling_asleep.Increment(); break;
    }
}

void Registry::safety_look_catch() { impl_->catches.Increment(); }
void Registry::upkeep(std::string_view result) { impl_->upkeeps.Add({{"result", std::string(result)}}).Increment(); }
void Registry::reconnect(std::string_view connection) {
    impl_->reconnects.Add({{"connection", std::string(connection)}}).Increment();
}
void Registry::publish_to_first_byte(std::chrono::microseconds took) { impl_->first_byte.Observe(seconds(took)); }

std::string Registry::text() const {
    impl_->open_descriptors.Set(static_cast<double>(open_descriptors()));
    impl_->most_descriptors.Set(static_cast<double>(most_descriptors()));
    return prometheus::TextSerializer{}.Serialize(impl_->registry.Collect());
}

}  // namespace moai::metrics
