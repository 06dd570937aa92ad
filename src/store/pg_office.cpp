#include "store/pg_office.hpp"

#include <utility>

#include "store/claim_rows.hpp"
#include "store/session_setup.hpp"

namespace moai::store {
namespace {

using std::chrono::milliseconds;

const std::string kAwaitOffice = "SELECT * FROM moai.await_office($1, 1, $2)";
const std::string kFallAsleep = "SELECT moai.fall_asleep($1)";
const std::string kWakeUp = "SELECT moai.wake_up()";
const std::string kCallForHelp = "SELECT moai.call_for_help()";
const std::string kLeaveOffice = "SELECT moai.leave_office()";

std::string interval_text(milliseconds patience) { return std::to_string(patience.count()) + " ms"; }

pg::AsyncConnection::Options session_options(const PgOffice::Options& options) {
    pg::AsyncConnection::Options result{options.database_url, "moai sentinel " + options.worker_name,
                                        worker_session_setup()};
    const milliseconds server_side = options.longest_patience + milliseconds(10'000);
    result.session_setup.emplace_back("SET synchronous_commit = off");
    result.session_setup.emplace_back("SET statement_timeout = " + std::to_string(server_side.count()));
    // A worker that dies while it waits is soon out of the way. Not every server's platform can look.
    result.session_setup.emplace_back(
        "DO $$BEGIN PERFORM set_config('client_connection_check_interval', '1s', false); EXCEPTION WHEN "
        "invalid_parameter_value THEN NULL; END$$");
    result.statement_deadline = server_side + milliseconds(10'000);
    return result;
}

}  // namespace

PgOffice::PgOffice(base::EventLoop& loop, const Options& options, const Callbacks& callbacks)
    : worker_name_(options.worker_name),
      session_(loop, session_options(options), {callbacks.on_ready, callbacks.on_lost, nullptr}) {}

void PgOffice::start() { session_.start(); }

void PgOffice::close() { session_.close(); }

bool PgOffice::ready() const { return session_.ready(); }

void PgOffice::await_office(milliseconds patience, Answered answered) {
    session_.send(kAwaitOffice, {worker_name_, interval_text(patience)},
                  [answered = std::move(answered)](const pg::Result& rows, const pg::Error* error) {
                      Answer answer;
                      if (error == nullptr) {
                          answer.granted = rows.text(0, rows.column("in_office")) == "t";
                          answer.claim = answer.granted ? Claim() : claim_from_rows(rows);
                      }
                      answered(std::move(answer), error);
                  });
}

void PgOffice::fall_asleep(milliseconds patience, Asleep answered) {
    session_.send(kFallAsleep, {interval_text(patience)},
                  [answered = std::move(answered)](const pg::Result& rows, const pg::Error* error) {
                      answered(error == nullptr && rows.text(0, 0) == "t", error);
                  });
}

void PgOffice::wake_up(Done done) { tell(kWakeUp, std::move(done)); }

void PgOffice::call_for_help(Done done) { tell(kCallForHelp, std::move(done)); }

void PgOffice::leave_office(Done done) { tell(kLeaveOffice, std::move(done)); }

void PgOffice::tell(const std::string& sql, Done done) {
    session_.send(sql, {}, [done = std::move(done)](const pg::Result&, const pg::Error* error) { done(error); });
}

}  // namespace moai::store
