// Why a worker looks for work: what it counts is what it is told.
#pragma once

#include "metrics/registry.hpp"

namespace moai::worker {

using metrics::WakeReason;

}  // namespace moai::worker
