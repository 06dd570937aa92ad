// PgDeliveryQueue on two AsyncConnections.
#include "store/pg_delivery_queue.hpp"

#include <utility>

#include "store/claim_rows.hpp"
#include "store/results_json.hpp"
#include "store/session_setup.hpp"

namespace moai::store {
namespace {

const std::string kClaim = "SELECT * FROM moai.claim_deliveries($1, $2)";
const std::string kMaintain = "SELECT * FROM moai.maintain()";
const std::string kComplete = "SELECT * FROM moai.complete_deliveries($1, $2)";

pg::AsyncConnection::Options connection_options(const PgDeliveryQueue::Options& options, const char* purpose) {
    pg::AsyncConnection::Options result{
        options.database_url, "moai " + std::string(purpose) + " " + options.worker_name, worker_session_setup()};
    if (!options.synchronous_commit) {
        result.session_setup.emplace_back("SET synchronous_commit = off");
    }
    return result;
}

}  // namespace

PgDeliveryQueue::PgDeliveryQueue(base::EventLoop& loop, const Options& options, const Callbacks& callbacks)
    : worker_name_(options.worker_name),
      claims_(loop, connection_options(options, "claims"), {callbacks.on_ready, callbacks.on_lost, nullptr}),
      results_(loop, connection_options(options, "results"), {callbacks.on_ready, callbacks.on_lost, nullptr}) {}

void PgDeliveryQueue::start() {
    claims_.start();
    results_.start();
}

void PgDeliveryQueue::close() {
    claims_.close();
    results_.close();
}

bool PgDeliveryQueue::can_claim() const { return claims_.ready(); }

void PgDeliveryQueue::claim(int max_count, ClaimDone done) {
    const std::string count = std::to_string(max_count);
    claims_.send(kClaim, {worker_name_, count},
                 [done = std::move(done)](const pg::Result& rows, const pg::Error* error) {
                     done(error == nullptr ? claim_from_rows(rows) : Claim(), error);
                 });
}

bool PgDeliveryQueue::can_record() const { return results_.ready(); }

void PgDeliveryQueue::record(const std::vector<DeliveryResult>& results, RecordDone done) {
    const std::string json = results_to_json(results);
    results_.send(kComplete, {worker_name_, json},
                  [done = std::move(done)](const pg::Result& rows, const pg::Error* error) {
                      done(error == nullptr ? recorded_from_rows(rows) : Recorded(), error);
                  });
}

void PgDeliveryQueue::maintain(MaintainDone done) {
    results_.send(kMaintain, {}, [done = std::move(done)](const pg::Result& rows, const pg::Error* error) {
        done(error == nullptr && more_to_maintain(rows), error);
    });
}

}  // namespace moai::store
