// The scenarios of the table in scenarios.cpp: each runs its repetitions and reports the figures that stand there.
// All throw what keeps them from measuring.
#pragma once

#include "run.hpp"

namespace moai::bench {

void parts(Run& run);
void drain(Run& run);
void fan_out(Run& run);
void workers(Run& run);
void post(Run& run);
void held_key(Run& run);
void mixed_closed(Run& run);
void mixed_open(Run& run);
void latency(Run& run);
void sql_publishers(Run& run);
void retries(Run& run);
void idle(Run& run);
void history(Run& run);
void partitions(Run& run);
void hang(Run& run);
void old_transaction(Run& run);
void kill_worker(Run& run);
void memory(Run& run);

}  // namespace moai::bench
