// An open SQL transaction has published with a key that many clients POST, too: what the others' POSTs notice of it.
#include <future>

#include "pg/connection.hpp"
#include "scenarios/scenarios.hpp"
#include "support/http_load.hpp"
#include "support/served.hpp"
#include "support/statistics.hpp"

namespace moai::bench {

void held_key(Run& run) {
    while (run.next()) {
        const Served moai;
        const HttpLoad others{.port = moai.api.port(),
                              .connections = run.count("connections"),
                              .seconds = run.number("seconds"),
                              .rate = run.number("rate")};
        run.say("nobody holds it");
        run.figure("p99_alone", percentile_ms(run_http_load(others).answer_us, 0.99));

        run.say("held");
        pg::Connection holder(moai.database.url(), "bench");
        holder.query("BEGIN");
        holder.query("SELECT moai.publish('bench', '1', idempotency_key => 'held')");
        auto asking = std::async(std::launch::async, [&] {
            return run_http_load({.port = moai.api.port(),
                                  .connections = run.count("askers"),
                                  .seconds = run.number("seconds"),
                                  .first_seq = 1'000'000'000,
                                  .idempotency_key = "held",
                                  .expected = "409"});
        });
        const auto result = run_http_load(others);
        const auto asked = asking.get();
        holder.query("ROLLBACK");
        run.figure("p99", percentile_ms(result.answer_us, 0.99));
        run.figure("refused", static_cast<double>(result.refused));
        run.figure("told", static_cast<double>(asked.accepted) / static_cast<double>(asked.accepted + asked.refused));
        run.figure("told_max", percentile_ms(asked.answer_us, 1));
    }
}

}  // namespace moai::bench
