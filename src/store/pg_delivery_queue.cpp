// PgDeliveryQueue on two AsyncConnections.
#include "store/pg_delivery_queue.hpp"

#include <chrono>
#include <memory>
#include <utility>

#include "store/claim_rows.hpp"
#include "store/results_json.hpp"
#include "store/session_setup.hpp"

namespace moai::store {
namespace {

const std::string kClaim = "SELECT * FROM moai.claim_deliveries($1, $2, $3, $4, $5, $6)";
const std::string kClaimParked = "SELECT * FROM moai.claim_parked($1, $2, $3, $4, $5, $6)";
const std::string kEndpoints = "SELECT * FROM moai.endpoints()";
const std::string kRecordBreakers = "SELECT moai.record_breakers($1, $2)";
const std::string kMaintain = "SELECT * FROM moai.maintain()";
const std::string kComplete = "SELECT * FROM moai.complete_deliveries($1, $2, $3, $4)";

/// The array of these, none of which needs quoting.
template <typename Items, typename Text>
std::string array_text(const Items& items, const Text& text) {
    std::string array = "{";
    for (const auto& item : items) {
        array += array.size() > 1 ? "," : "";
        array += text(item);
    }
    return array + "}";
}

std::string array_of_ids(const std::vector<std::string>& ids) {
    return array_text(ids, [](const std::string& id) { return id; });
}

pg::Param truth(bool value) { return value ? "true" : "false"; }

/// A look's `since_us` as a parameter, which refers to it.
class Since {
public:
    explicit Since(const Look& look) : text_(look.since_us ? std::to_string(*look.since_us) : "") {}
    [[nodiscard]] pg::Param param() const { return text_.empty() ? pg::Param() : pg::Param(text_); }

private:
    std::string text_;
};

pg::AsyncConnection::Options connection_options(const PgDeliveryQueue::Options& options, const char* purpose) {
    pg::AsyncConnection::Options result{
        options.database_url, "moai " + std::string(purpose) + " " + options.worker_name, worker_session_setup()};
    // Told to wait it waits, whatever the server's default; one that asks for more (remote_apply) is kept.
    result.session_setup.emplace_back(options.synchronous_commit
                                          ? "DO $$BEGIN IF current_setting('synchronous_commit') = 'off' THEN "
                                            "SET synchronous_commit = on; END IF; END$$"
                                          : "SET synchronous_commit = off");
    return result;
}

pg::AsyncConnection::Options results_options(const PgDeliveryQueue::Options& options) {
    auto result = connection_options(options, "results");
    // Whoever holds one row up would hold up the results of all for as long.
    result.session_setup.emplace_back("SET lock_timeout = '500ms'");
    return result;
}

pg::AsyncConnection::Options maintenance_options(const PgDeliveryQueue::Options& options) {
    auto result = connection_options(options, "maintenance");
    // It may have much to do, and nobody waits for it; its locks, which others would queue behind, stay short-waited.
    result.session_setup.emplace_back("SET statement_timeout = '10min'");
    result.statement_deadline = std::chrono::minutes(11);
    return result;
}

}  // namespace

PgDeliveryQueue::PgDeliveryQueue(base::EventLoop& loop, const Options& options, const Callbacks& callbacks)
    : loop_(loop),
      options_(options),
      on_rows_changed_(callbacks.on_rows_changed),
      claims_(loop, connection_options(options, "claims"), {callbacks.on_ready, callbacks.on_lost, nullptr}),
      results_(loop, results_options(options), {callbacks.on_ready, callbacks.on_lost, nullptr}) {}

void PgDeliveryQueue::start() {
    claims_.start();
    results_.start();
}

void PgDeliveryQueue::close() {
    claims_.close();
    results_.close();
    maintenance_.reset();
}

bool PgDeliveryQueue::is_own_backend(int pid) const noexcept {
    return pid == claims_.backend_pid() || pid == results_.backend_pid();
}

bool PgDeliveryQueue::can_claim() const { return claims_.ready(); }

void PgDeliveryQueue::claim(int max_count, const Look& look, const std::vector<std::string>& saturated,
                            ClaimDone done) {
    const std::string count = std::to_string(max_count), ids = array_of_ids(saturated);
    const Since since(look);
    claims_.send(kClaim, {options_.worker_name, count, truth(look.in_office), ids, since.param(), truth(look.ahead)},
                 [this, ahead = look.ahead, done = std::move(done)](const pg::Result& rows, const pg::Error* error) {
                     Claim claim = error == nullptr ? claim_from_rows(rows) : Claim();
                     claim.looked_ahead = ahead;
                     rows_changed(claim.deliveries.size() + static_cast<std::size_t>(claim.parked));
                     done(std::move(claim), error);
                 });
}

void PgDeliveryQueue::claim_parked(const std::vector<std::string>& subscription_ids, const std::vector<int>& counts,
                                   const Look& look, ClaimDone done) {
    const std::string ids = array_of_ids(subscription_ids);
    const std::string numbers = array_text(counts, [](int count) { return std::to_string(count); });
    const Since since(look);
    claims_.send(kClaimParked,
                 {options_.worker_name, ids, numbers, truth(look.in_office), since.param(), truth(look.ahead)},
                 [this, ahead = look.ahead, done = std::move(done)](const pg::Result& rows, const pg::Error* error) {
                     Claim claim = error == nullptr ? claim_from_rows(rows) : Claim();
                     claim.looked_ahead = ahead;
                     rows_changed(claim.deliveries.size());
                     done(std::move(claim), error);
                 });
}

void PgDeliveryQueue::endpoints(EndpointsDone done) {
    claims_.send(kEndpoints, {}, [done = std::move(done)](const pg::Result& rows, const pg::Error* error) {
        done(error == nullptr ? endpoints_from_rows(rows) : std::vector<KnownEndpoint>(), error);
    });
}

void PgDeliveryQueue::record_breakers(const std::vector<BreakerChange>& changes, Done done) {
    const std::string json = breakers_to_json(changes);
    claims_.send(kRecordBreakers, {options_.worker_name, json},
                 [done = std::move(done)](const pg::Result&, const pg::Error* error) { done(error); });
}

bool PgDeliveryQueue::can_record() const { return results_.ready(); }

void PgDeliveryQueue::record(const std::vector<DeliveryResult>& results, const Look& look, RecordDone done) {
    const std::string json = results_to_json(results);
    const Since since(look);
    results_.send(kComplete, {options_.worker_name, json, since.param(), truth(look.ahead)},
                  [this, ahead = look.ahead, done = std::move(done), count = results.size()](const pg::Result& rows,
                                                                                             const pg::Error* error) {
                      rows_changed(error == nullptr ? count : 0);
                      Recorded recorded = error == nullptr ? recorded_from_rows(rows) : Recorded();
                      recorded.looked_ahead = ahead;
                      done(recorded, error);
                  });
}

void PgDeliveryQueue::rows_changed(std::size_t count) const {
    if (count > 0 && on_rows_changed_) {
        on_rows_changed_(count);
    }
}

void PgDeliveryQueue::maintain(MaintainDone done) {
    maintained_ = std::move(done);
    const auto on_ready = [this] {
        maintenance_->send(kMaintain, {}, [this](const pg::Result& rows, const pg::Error* error) {
            end_maintenance(error == nullptr && more_to_maintain(rows), error);
        });
    };
    maintenance_ = std::make_unique<pg::AsyncConnection>(
        loop_, maintenance_options(options_),
        pg::AsyncConnection::Callbacks{on_ready, [this](const pg::Error& error) { end_maintenance(false, &error); },
                                       nullptr});
    maintenance_->start();
}

void PgDeliveryQueue::end_maintenance(bool more, const pg::Error* error) {
    maintenance_.reset();
    std::exchange(maintained_, nullptr)(more, error);
}

}  // namespace moai::store
